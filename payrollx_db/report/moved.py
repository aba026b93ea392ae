"""The report of a move that is complete: its stages, stops, keys, proofs and stuck rows, signed with a person's key."""

import hmac
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg import sql

from payrollx_db import __version__
from payrollx_db.backup.signature import ALGORITHM, Key
from payrollx_db.consolidate.state.switches import switches
from payrollx_db.errors import ConfigurationError, FindingsError
from payrollx_db.postgres.session import Endpoint, run, session
from payrollx_db.report.model import plain

FORMAT = "payrollx-db move 1"
PURPOSE = b"payrollx-db move report 1\n"
PROOFS = """
SELECT p.database, p.place::text, p.at, p.verification_id FROM payrollx_meta.proofs AS p ORDER BY p.database
"""


async def read(target: Endpoint, databases: Collection[str], left: Sequence[str] = ()) -> dict[str, Any]:
    """Return the report of these legacy databases, as plain data; ``left`` is what could not be removed.

    Raises TargetError.
    """
    async with session(target) as connection:
        with target.translating_errors("can't read what is recorded of the move"):
            known = await switches(connection)
            proofs = {name: rest for name, *rest in await run(connection, sql.SQL(PROOFS))}
    moved = [
        {
            **known[name].document(),
            "facts": dict(known[name].facts),
            "proof": dict(zip(("place", "at", "verification"), proofs[name], strict=True)) if name in proofs else None,
        }
        for name in databases
        if name in known
    ]
    made = {"at": datetime.now(UTC), "tool_version": __version__}
    document: dict[str, Any] = plain(
        {"format": FORMAT, "made": made, "target": target.url.dbname, "databases": moved, "left": list(left)}
    )
    return document


def signed(document: Mapping[str, Any], key: Key) -> str:
    """Return the text of the report's file: the document with its signature."""
    signature = {"algorithm": ALGORITHM, "key": key.name, "signature": key.signature_of(_canonical(document), PURPOSE)}
    return json.dumps({**document, "signature": signature}, indent=1, ensure_ascii=False) + "\n"


def is_one(file: Path) -> bool:
    """Tell whether ``file`` says that it is such a report."""
    try:
        return bool(json.loads(file.read_bytes())["format"] == FORMAT)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def check(file: Path, key: Key) -> dict[str, Any]:
    """Return the document of a report that ``key`` has signed.

    Raises FindingsError where it was edited, ConfigurationError where another key has signed it.
    """
    document: dict[str, Any] = json.loads(file.read_bytes())
    signature = document.pop("signature", None)
    given = signature if isinstance(signature, dict) else {}
    expected = key.signature_of(_canonical(document), PURPOSE)
    if hmac.compare_digest(str(given.get("signature")).encode(), expected.encode()):
        return document
    if given.get("key") not in (None, key.name):
        raise ConfigurationError(f"{file} was signed with another key", hint="name that one by --key-file")
    raise FindingsError(f"{file} was edited, or isn't signed", hint="payrollx-db complete --report FILE writes it anew")


def _canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
