"""What the catalogs of systems that Prisma made have in common: how constraints are called, and their columns' types.

Keys are texts, because the services made them: most are cuids, and users hold them in links and tokens. Moments have
the milliseconds that Prisma keeps.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import Date, Double, Numeric, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import mapped_column

NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

MOMENT = TIMESTAMP(timezone=True, precision=3)

TYPES: dict[Any, Any] = {str: Text, datetime: MOMENT, Decimal: Numeric, float: Double}

Key = Annotated[str, mapped_column(Text, primary_key=True)]
Created = Annotated[datetime, mapped_column(MOMENT, server_default=func.now())]
Updated = Annotated[datetime, mapped_column(MOMENT, server_default=func.now(), onupdate=func.now())]
Day = Annotated[date, mapped_column(Date)]
Document = Annotated[Any, mapped_column(JSONB(none_as_null=True))]  # None is NULL, never the JSON null
Documents = Annotated[list[Any], mapped_column(ARRAY(JSONB))]
Texts = Annotated[list[str], mapped_column(ARRAY(Text))]
