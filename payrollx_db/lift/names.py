"""Names: what a service, a schema and a role may be called, and what they are called unless a person says otherwise."""

import hashlib
import re
from collections.abc import Collection

from payrollx_db.postgres import locks

LONGEST = 63  # bytes of a name; the server cuts what is longer, so that two names could become one
SYSTEM = ("information_schema", "public", locks.SCHEMA)
DIGEST = 8  # hexadecimal digits that stand for what was cut off


def problem_with_schema(name: str) -> str:
    """Return why a service's schema can't be called so; empty where it can."""
    if name.startswith("pg_") or name in SYSTEM:
        why = "extensions are found there" if name == "public" else "it isn't a service's"
        return f"the schema {name!r} can't be a service's own: {why}"
    if "." in name:
        return f"the schema {name!r} has a dot in its name, and tables are known as schema.table"
    return problem_with_name("schema", name)


def problem_with_role(name: str) -> str:
    """Return why a role can't be called so; empty where it can."""
    if name.startswith("pg_") or name in ("public", "none"):
        return f"the role {name!r} can't be made: Postgres keeps the name to itself"
    return problem_with_name("role", name)


def problem_with_service(name: str) -> str:
    """Return why a service can't be called so; empty where it can."""
    if not re.fullmatch(r"\w[\w-]*", name):
        return f"the service {name!r} must be a word: letters, digits, _ and -"
    return problem_with_name("service", name)


def problem_with_name(what: str, name: str) -> str:
    """Return why ``name`` can't be the name of anything; empty where it can."""
    if not name or "\0" in name:
        return f"the {what} has no name" if not name else f"the {what} {name!r} has a NUL in its name"
    size = len(name.encode())
    return f"the {what} {name!r} has {size} bytes, and Postgres keeps {LONGEST} of a name" if size > LONGEST else ""


def plain_name(text: str) -> str:
    """Return a name for a service and its schema: lower case, one word, and nothing that needs quotes but letters.

    ``Shop Orders`` becomes ``shop_orders``, and what may not be a schema's name gets ``db_`` before it.
    """
    name = re.sub(r"\W+", "_", text.lower()).strip("_") or "database"
    if name[0].isdigit() or name.startswith("pg_") or name in SYSTEM:
        name = f"db_{name}"
    return shortened(name)


def shortened(name: str) -> str:
    """Return ``name`` if it is short enough, else its beginning with a digest of all of it: the same every time."""
    if len(name.encode()) <= LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:DIGEST]
    return f"{name.encode()[: LONGEST - DIGEST - 1].decode(errors='ignore')}_{digest}"


def unused(name: str, taken: Collection[str]) -> str:
    """Return ``name``, or the first of ``name_2``, ``name_3``… that isn't taken."""
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = shortened(f"{name}_{number}")
    return candidate


def variable_part(source: str) -> str:
    """Return the middle of a source's environment variable: ``crm.sales`` is ``CRM_SALES``."""
    return re.sub(r"[^A-Za-z0-9]+", "_", source).strip("_").upper() or "SOURCE"
