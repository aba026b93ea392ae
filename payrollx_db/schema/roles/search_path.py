"""Whether a function that runs with its owner's rights says itself where names are looked up."""

import re
from collections.abc import Collection, Sequence

ENTRY = re.compile(r'"((?:[^"]|"")*)"|([^,\s"]+)')
TEMPORARY = "pg_temp"


def problem(settings: Sequence[str] | None, writable: Collection[str]) -> str:
    """Return what is wrong with a function's ``SET search_path``; empty where nothing is.

    ``settings`` are the function's own, as pg_proc has them; ``writable`` are schemas into which others can put
    what the function would then find.
    """
    given = next((text for text in settings or () if text.startswith("search_path=")), None)
    if given is None:
        return "leaves its search_path to the caller"
    path = [entry for entry in entries(given.partition("=")[2]) if entry]
    if "$user" in path:
        return 'has "$user" in its search_path'
    if path[-1:] != [TEMPORARY] or path.count(TEMPORARY) > 1:  # unnamed, it is searched first
        return f"finds temporary tables before others: {TEMPORARY} is to be the last of its search_path"
    if open_to_others := sorted(set(path) & set(writable)):
        return f"looks in {open_to_others[0]}, where others may create"
    return ""


def entries(text: str) -> list[str]:
    """Return the names that a search_path lists."""
    return [quoted.replace('""', '"') or plain for quoted, plain in ENTRY.findall(text)]
