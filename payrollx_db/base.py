"""What all services' tables share: one MetaData, one naming convention, one Base, a few column types.

``auth.users`` may point at ``organization.organizations`` without either module importing the
other, because references between services are strings and all tables live in this one MetaData.
"""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import DateTime, Enum, MetaData, Numeric, Text, Uuid, func, text
from sqlalchemy.orm import DeclarativeBase, mapped_column

from payrollx_db.catalog import LOOSE

NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

metadata = MetaData(naming_convention=NAMING)

Key = Annotated[uuid.UUID, mapped_column(Uuid, primary_key=True, server_default=text("gen_random_uuid()"))]
Created = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
Updated = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now(), onupdate=func.now())]
Money = Annotated[Decimal, mapped_column(Numeric(38, 18))]


class Base(DeclarativeBase):
    """The declarative base of every service's tables."""

    metadata = metadata
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute
        str: Text,
        uuid.UUID: Uuid,
        datetime: DateTime(timezone=True),
        Decimal: Numeric(38, 18),
    }


def loose_reference(target: str) -> dict[str, Any]:
    """Return ``info`` for a column that points at ``schema.table.column`` without a foreign key.

    The column is to be indexed as well; the toolkit checks and reports such references.
    """
    return {LOOSE: target}


def labels(name: str, schema: str, *values: str) -> Enum:
    """Return an enum type ``schema.name`` with these labels, in this order."""
    return Enum(*values, name=name, schema=schema, metadata=metadata)
