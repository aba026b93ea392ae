"""What the registry's and the tenants' tables share: one MetaData and one Base.

A table may point at another's without importing its module, because references are strings and all tables live in this
one MetaData. The schema ``tenant`` stands for that of each tenant.
"""

from typing import dataclass_transform

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from payrollx_db.catalogs.columns import NAMING, TYPES

metadata = MetaData(naming_convention=NAMING)

# Where the whole catalog is, for messages that name another service. A service never imports it otherwise.
CATALOG = "payrollx_db.catalogs.koinonia.unified:CATALOG"


@dataclass_transform(kw_only_default=True, eq_default=False)
class Base(DeclarativeBase):
    """The declarative base of all tables.

    Type checkers take its classes for dataclasses, and so know which columns a constructor has; nothing else is changed
    by that. A column is optional where it has a value: hence the ``mapped_column()`` behind each.
    """

    metadata = metadata
    type_annotation_map = TYPES
