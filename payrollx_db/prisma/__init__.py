"""Prisma schemas as a source of names: read, resolved, and held against a database's tables.

Pure: it reads ``.prisma`` files and knows neither a server nor a catalog.
"""

from payrollx_db.prisma.drift import ColumnShape, Disagreement, disagreements
from payrollx_db.prisma.files import read
from payrollx_db.prisma.names import ColumnNames, EnumNames, JoinNames, Names, RelationNames, TableNames, of
from payrollx_db.prisma.parser import parse
from payrollx_db.prisma.schema import Schema

__all__ = [
    "ColumnNames",
    "ColumnShape",
    "Disagreement",
    "EnumNames",
    "JoinNames",
    "Names",
    "RelationNames",
    "Schema",
    "TableNames",
    "disagreements",
    "of",
    "parse",
    "read",
]
