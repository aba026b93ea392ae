"""What all services' tables share: one MetaData, one Base, and how amounts are kept.

A table may point at another service's without importing its module, because references between services are strings
and all tables live in this one MetaData.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, dataclass_transform

from sqlalchemy import Enum, MetaData, Numeric
from sqlalchemy.orm import DeclarativeBase, mapped_column

from payrollx_db.catalogs.columns import NAMING, TYPES

metadata = MetaData(naming_convention=NAMING)

# Where the whole catalog is, for messages that name another service. A service never imports it otherwise.
CATALOG = "payrollx_db.catalogs.azora.unified:CATALOG"

Money = Annotated[Decimal, mapped_column(Numeric(18, 8))]


@dataclass_transform(kw_only_default=True, eq_default=False)
class Base(DeclarativeBase):
    """The declarative base of every service's tables.

    Type checkers take its classes for dataclasses, and so know which columns a constructor has; nothing else is changed
    by that. A column is optional where it has a value: hence the ``mapped_column()`` behind each.
    """

    metadata = metadata
    type_annotation_map = TYPES


def labels(name: str, schema: str, members: type[StrEnum]) -> Enum:
    """Return an enum type ``schema.name`` whose labels are the names of ``members``, in their order."""
    return Enum(members, name=name, schema=schema, metadata=metadata)
