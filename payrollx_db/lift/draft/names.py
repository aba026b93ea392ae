"""From names of a database to names of Python: valid, free of what the module has, and as one would write them."""

import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable

from payrollx_db.consolidate.plan.conversion import snake_case

# What a drafted module may import or define, and what a class body's annotations say: an attribute or a class of such
# a name would hide it from the lines that follow.
IMPORTED = frozenset({
    "Any", "ARRAY", "Base", "BigInteger", "BIT", "Boolean", "CATALOG", "CHAR", "CheckConstraint", "CIDR", "CITEXT",
    "Column", "Computed", "DATEMULTIRANGE", "DATERANGE", "Date", "DateTime", "DOMAIN", "Double", "Enum",
    "ExcludeConstraint", "Facade", "FetchedValue", "Float", "ForeignKey", "ForeignKeyConstraint", "HERE", "HSTORE",
    "INET", "INT4MULTIRANGE", "INT4RANGE", "INT8MULTIRANGE", "INT8RANGE", "INTERVAL", "Identity", "Index", "Integer",
    "Interval", "JSON", "JSONB", "LargeBinary", "MACADDR", "MACADDR8", "MONEY", "Mapped", "MetaData", "MultiRange",
    "NUMMULTIRANGE", "NUMRANGE", "Numeric", "OID", "PostgresType", "PrimaryKeyConstraint", "Range", "REAL", "REGCLASS",
    "Service", "SmallInteger", "StrEnum", "String", "TIME", "TIMESTAMP", "TSMULTIRANGE", "TSQUERY", "TSRANGE",
    "TSTZMULTIRANGE", "TSTZRANGE", "TSVECTOR", "Table", "Text", "Time", "UniqueConstraint", "Uuid",
    "datetime", "db", "decimal", "func", "labels", "literal_column", "mapped_column", "metadata",
    "DeclarativeBase", "TYPES", "registry", "relationship", "service", "text", "uuid", "uuid4",
})  # fmt: skip
BUILTINS = frozenset({"bool", "bytes", "dict", "float", "int", "list", "str"})
RESERVED = IMPORTED | BUILTINS
SUFFIX = "_"

IRREGULAR = {
    "people": "person", "children": "child", "men": "man", "women": "woman", "indices": "index", "vertices": "vertex",
    "matrices": "matrix", "statuses": "status", "aliases": "alias", "buses": "bus", "caches": "cache", "moves": "move",
    "movies": "movie", "cookies": "cookie", "lenses": "lens", "ties": "tie", "archives": "archive", "bases": "base",
}  # fmt: skip
UNCHANGED = re.compile(r"(?:ss|us|is|news|series|species|data|media|info|sms|gps|dns|aws|os)$", re.IGNORECASE)


def words(name: str) -> str:
    """Return a name in lower case with underscores, made of letters, digits and underscores alone."""
    plain = unicodedata.normalize("NFKC", name)
    text = re.sub(r"\W+", "_", snake_case(plain)).strip("_")
    return re.sub(r"_+", "_", text) or "unnamed"


def attribute(name: str, taken: Collection[str] = ()) -> str:
    """Return the attribute of a column or relationship of that name: one that nothing in ``taken`` has."""
    text = name if re.fullmatch(r"[a-z][a-z0-9_]*", name) else words(name)
    if text[0].isdigit() or not text.isidentifier():
        text = f"n_{text}"
    if keyword.iskeyword(text) or text in RESERVED or text.startswith("sa_"):
        text += SUFFIX
    return free(text, taken)


def class_name(name: str, taken: Collection[str] = (), given: str = "") -> str:
    """Return the class of a table or enum of that name: ``order_items`` is ``OrderItem``. ``given`` wins."""
    parts = words(name).split("_")
    text = given or "".join(part[:1].upper() + part[1:] for part in (*parts[:-1], singular(parts[-1])))
    if not text.isidentifier():
        text = f"N{text}"
    if text in RESERVED or keyword.iskeyword(text):
        text += "Row"
    return free(text, taken, between="")


def camel(name: str) -> str:
    """Return a name as that of a class, without changing its words."""
    text = "".join(part[:1].upper() + part[1:] for part in words(name).split("_"))
    return text if text.isidentifier() else f"N{text}"


def constant(name: str, taken: Collection[str] = ()) -> str:
    """Return a constant's name: ``order_status`` is ``ORDER_STATUS``."""
    text = words(name).upper()
    if not text.isidentifier():
        text = f"N_{text}"
    return free(f"{text}{SUFFIX}" if text in RESERVED else text, taken)


def module(name: str, taken: Collection[str] = ()) -> str:
    """Return a module's name for a service, which is not one of the project's own."""
    return free(attribute(name), {*taken, "base", "catalog", "layout", "migrations", "alembic"})


def singular(word: str) -> str:
    """Return the singular of an English word, or the word where it doesn't look like a plural."""
    lower = word.lower()
    if lower in IRREGULAR:
        return IRREGULAR[lower]
    if len(word) < 4 or not lower.endswith("s") or UNCHANGED.search(lower):
        return word
    if lower.endswith("ies"):
        return f"{word[:-3]}y"
    if re.search(r"(?:ss|sh|ch|x|zz)es$", lower):
        return word[:-2]
    return word[:-1]


def plural(word: str) -> str:
    """Return the plural of an English word, which may be one already."""
    if word != singular(word) or re.search(r"(?:data|media|news|series|species|info)$", word):
        return word
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}es" if re.search(r"(?:s|sh|ch|x|z)$", word) else f"{word}s"


def member(label: str, taken: Collection[str]) -> str:
    """Return an enum member's name for a label: ``in progress`` is ``IN_PROGRESS``."""
    text = words(label).upper()
    if not re.search(r"\w", label):
        text = "_".join(unicodedata.name(letter, "character").split(" ")[0] for letter in label).upper() or "EMPTY"
    if not text.isidentifier() or text.startswith("_") or keyword.iskeyword(text):
        text = f"N_{text}"
    return free(text, taken)


def free(text: str, taken: Iterable[str], between: str = "_") -> str:
    """Return ``text``, or it with the first number that makes it free."""
    used = set(taken)
    if text not in used:
        return text
    numbered = (f"{text}{between}{number}" for number in range(2, len(used) + 3))
    return next(name for name in numbered if name not in used)
