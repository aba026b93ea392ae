"""What all services' tables share: one MetaData, one Base, and how amounts are kept.

A table may point at another service's without importing its module, because references between services are strings
and all tables live in this one MetaData.
"""

from decimal import Decimal
from typing import Annotated, dataclass_transform

from sqlalchemy import MetaData, Numeric
from sqlalchemy.orm import DeclarativeBase, mapped_column

from payrollx_db.catalogs.columns import NAMING, TYPES

metadata = MetaData(naming_convention=NAMING)

# Where the whole catalog is, for messages that name another service. A service never imports it otherwise.
CATALOG = "payrollx_db.catalogs.tec.unified:CATALOG"

Money = Annotated[Decimal, mapped_column(Numeric(38, 18))]


@dataclass_transform(kw_only_default=True, eq_default=False)
class Base(DeclarativeBase):
    """The declarative base of every service's tables.

    Type checkers take its classes for dataclasses, and so know which columns a constructor has; nothing else is changed
    by that. A column is optional where it has a value: hence the ``mapped_column()`` behind each.
    """

    metadata = metadata
    type_annotation_map = TYPES
