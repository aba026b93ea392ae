"""What all services' tables share: one MetaData, one naming convention, one Base, a few column types.

``auth.users`` may point at ``organization.organizations`` without either module importing the
other, because references between services are strings and all tables live in this one MetaData.
"""

import uuid
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, dataclass_transform

from sqlalchemy import DateTime, Enum, MetaData, Numeric, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

metadata = MetaData(naming_convention=NAMING)

# Where the whole catalog is, for messages that name another service. A service never imports it otherwise.
CATALOG = "payrollx_db.catalogs.payrollx.unified:CATALOG"

Key = Annotated[uuid.UUID, mapped_column(Uuid, primary_key=True, server_default=text("gen_random_uuid()"))]
Created = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
Updated = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now(), onupdate=func.now())]
Money = Annotated[Decimal, mapped_column(Numeric(38, 18))]
Document = Annotated[Any, mapped_column(JSONB(none_as_null=True))]  # None is NULL, never the JSON null
Texts = Annotated[list[str], mapped_column(ARRAY(Text))]


@dataclass_transform(kw_only_default=True, eq_default=False)
class Base(DeclarativeBase):
    """The declarative base of every service's tables.

    Type checkers take its classes for dataclasses, and so know which columns a constructor has; nothing else is changed
    by that. A column is optional where it has a value: hence the ``mapped_column()`` behind each.
    """

    metadata = metadata
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute
        str: Text,
        uuid.UUID: Uuid,
        datetime: DateTime(timezone=True),
        Decimal: Numeric(38, 18),
    }


def labels(name: str, schema: str, members: type[StrEnum]) -> Enum:
    """Return an enum type ``schema.name`` whose labels are the names of ``members``, in their order."""
    return Enum(members, name=name, schema=schema, metadata=metadata)
