"""Whose everything is in the end: the owner role's, with the rights that the catalog's roles have.

The role that lifts makes it all, because some of it only a superuser may make, and hands it over.
"""

from collections.abc import Sequence

from psycopg import sql

from payrollx_db.lift.schema.model import Move, Roles
from payrollx_db.lift.schema.staging import things
from payrollx_db.lift.schema.target import Target
from payrollx_db.schema.roles import statements


def make_roles(target: Target, moves: Sequence[Move], roles: Roles) -> None:
    """Make the roles that are missing."""
    target.change(statements.roles(roles.catalog(tuple(moves))), "can't make the roles")


def hand_over(target: Target, moves: Sequence[Move], roles: Roles) -> None:
    """Give the schemas and what is in them to the owner role."""
    owner = sql.SQL("OWNER TO {}").format(sql.Identifier(roles.owner))
    for move in moves:
        schema = sql.SQL("ALTER SCHEMA {} {}").format(sql.Identifier(move.schema), owner)
        target.change(schema, f"can't give the schema {move.schema} to {roles.owner}")
    target.change_each(
        (thing.alter(owner), f"can't give {thing.kind} {thing.identity} to {roles.owner}")
        for thing in things(target, [move.schema for move in moves])
        if thing.has_owner
    )


def grant(target: Target, moves: Sequence[Move], roles: Roles) -> None:
    """Let the services use their schemas."""
    target.change(statements.grants(roles.catalog(tuple(moves))), "can't grant what the services may do")
