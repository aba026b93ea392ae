"""A comparison of schemas that isn't ours: what pg_dump writes of both, but for the schema's own name."""

import re
import subprocess
from collections import Counter

from payrollx_db.backup.clients import Clients, connection
from payrollx_db.devserver.programs import folders
from payrollx_db.postgres.url import DatabaseUrl

# What is no part of a definition: a dump's frame, and a mark that some servers keep at each column by themselves.
STANDARD = "COMMENT ON SCHEMA @ IS 'standard public schema';"
FRAME = re.compile(r"(?m)^(?:--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(?:un)?restrict .*)\n")
OWN_MARK = re.compile(r"ALTER (?:FOREIGN )?TABLE ONLY [^;]* ALTER COLUMN [^;]* SET \(pg_attver=\d+\);\n|pg_attver=\d+,")
# What a lift gives to routines, so that they find their tables.
PATH = re.compile(r'\n    SET "?search_path"? TO [^\n]*')


def definitions(url: DatabaseUrl, schema: str, clients: Clients, *, paths: bool = True) -> Counter[str]:
    """Return the definitions that pg_dump writes of a schema, in no order; ``paths``: with routines' search_path."""
    environment, rest = connection(url)
    quoted = '"{}"'.format(schema.replace('"', '""'))
    argv = [
        clients.folder / "pg_dump", "--schema-only", "--no-owner", "--no-privileges", "--no-publications",
        "--encoding=UTF8", f"--schema={quoted}", "--quote-all-identifiers", f"--dbname={rest}",
    ]  # fmt: skip
    done = subprocess.run(argv, env=environment, capture_output=True, check=True, text=True, encoding="utf-8")
    text = done.stdout.replace(f"{quoted}.", "@.").replace(f"SCHEMA {quoted}", "SCHEMA @")
    text = OWN_MARK.sub("", FRAME.sub("", text))
    text = text if paths else PATH.sub("", text)
    parts = (part.strip().replace("\n  WITH NO DATA;", ";") for part in text.split("\n\n\n"))
    return Counter(part for part in parts if part not in ("", STANDARD))


def differences(
    source: tuple[DatabaseUrl, str], target: tuple[DatabaseUrl, str], clients: Clients
) -> tuple[list[str], list[str]]:
    """Return the definitions that only the source has, and those that only the target has."""
    one, other = (definitions(url, schema, clients, paths=False) for url, schema in (source, target))
    return sorted(one - other), sorted(other - one)


def newest_clients() -> Clients:
    """Return the newest pg_dump that is here."""
    installed = [clients for folder in folders() if (clients := Clients.at(folder))]
    return max(installed, key=lambda clients: clients.major)


def restore_plainly(source: DatabaseUrl, target: DatabaseUrl, clients: Clients) -> None:
    """Restore a database's definitions as everybody does: pg_dump into psql. What fails is left out."""
    environment, rest = connection(source)
    dumped = subprocess.run(
        [clients.folder / "pg_dump", "--schema-only", "--no-owner", "--no-privileges", f"--dbname={rest}"],
        env=environment, capture_output=True, check=True,
    )  # fmt: skip
    environment, rest = connection(target)
    psql = [clients.folder / "psql", "--no-psqlrc", "--quiet", f"--dbname={rest}"]
    subprocess.run(psql, env=environment, input=dumped.stdout, capture_output=True, check=True)
