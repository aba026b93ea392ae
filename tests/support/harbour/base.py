"""What all tables of the harbour share."""

from sqlalchemy import MetaData, Text
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}
CATALOG = "harbour.catalog:CATALOG"

metadata = MetaData(naming_convention=NAMING)


class Base(DeclarativeBase):
    """The declarative base of the harbour's tables."""

    metadata = metadata
    type_annotation_map = {str: Text}  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute
