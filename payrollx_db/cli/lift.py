"""``payrollx-db lift``: databases as they are, with their schemas, into one database."""

import click

from payrollx_db.cli.command import LazyGroup

# Each command: where it is, and what it does. They are imported when they are called.
SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Commands": {
        "init": ("payrollx_db.cli.lift_init:init", "Find the databases, and write lift.toml."),
        "plan": ("payrollx_db.cli.lift_plan:plan", "Say what a lift would meet, and what the target lacks for it."),
        "reshape": ("payrollx_db.cli.lift_reshape:reshape", "Suggest better shapes, and make those that are taken."),
        "schema": ("payrollx_db.cli.lift_schema:schema", "Make the databases' schemas in the target, as they are."),
    },
}


@click.group(
    "lift",
    cls=LazyGroup,
    sections=SECTIONS,
    example="payrollx-db lift init --server postgresql://reader@db.example/postgres --databases 'shop_*,crm'",
)
def lift() -> None:
    """Carry databases over as they are: each schema becomes a service, and nothing is written by hand.

    lift init writes lift.toml, which says what becomes of each schema. Most other commands take it with --lift.
    """
