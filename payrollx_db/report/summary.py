"""What a report says first, in words."""

from collections.abc import Mapping
from typing import Any

MARKS = {"proven": "good", "accounted": "warn", "different": "bad", "unbalanced": "bad", "unfinished": "bad"}


def headline(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the verdict of a report: how it looks, and its one sentence."""
    state = document["state"]
    sentences = {
        "proven": "Every row is accounted for, and both sides are identical.",
        "accounted": "Every row is accounted for. Identity is not proven yet.",
        "different": f"{_tables(_differing(document))} between the two sides."
        if _differing(document)
        else "All rows are the same, but the target's structure is not as it was designed.",
        "unbalanced": f"The rows do not add up in {_unbalanced(document)} of the table pairs.",
        "unfinished": f"This run is not finished: {document['run']['status']}.",
    }
    return {"mark": MARKS[state], "text": sentences[state]}


def summary(document: Mapping[str, Any]) -> list[str]:
    """Return the sentences below the headline."""
    return [text for text in (_account(document), _loose(document), _proof(document), _advice(document)) if text]


def _account(document: Mapping[str, Any]) -> str:
    totals, run = document["totals"], document["run"]
    if document["state"] == "unfinished":
        reason = run["message"] or ""
        return f"The reason is: {reason}." if reason and reason != run["status"] else ""
    kept = totals["rows_quarantined"]
    quarantined = f"{kept:,} of them are quarantined by policy" if kept else "none of them is quarantined"
    return f"{totals['rows_read']:,} rows were read from the legacy databases; {quarantined}."


def _loose(document: Mapping[str, Any]) -> str:
    if document["state"] == "unfinished":
        return ""
    if not document.get("loose_counted"):
        return "Loose references were not looked at."
    orphans = sum(one["orphans"] or 0 for one in document["loose_references"])
    open_ones = sum(one["orphans"] is None for one in document["loose_references"])
    unknown = f" {open_ones} of these references could not be counted." if open_ones else ""
    if orphans:
        rows = "1 row points" if orphans == 1 else f"{orphans:,} rows point"
        return f"{rows} at nothing, by references that no foreign key holds.{unknown}"
    return unknown.strip()


def _proof(document: Mapping[str, Any]) -> str:
    one = document["verification"]
    if one is None or document["state"] == "unfinished":
        return ""
    seen, all_of_them = len(document["verified"]), document["totals"]["tables"]
    scope = f"all {seen}" if seen == all_of_them else f"{seen} of the {all_of_them}"
    result = "no difference" if one["identical"] else f"differences in {len(_differing(document))} of them"
    return f"A comparison of every row, in {scope} table pairs, found {result}.{_structure(one)}"


def _structure(verification: Mapping[str, Any]) -> str:
    structure = verification.get("structure")
    if not structure:
        return " The target's structure was not compared."
    if structure["intact"]:
        return f" Its structure stands as it was designed: {structure['objects']:,} objects compared."
    return f" Its structure does not: {len(structure['findings'])} findings."


def _advice(document: Mapping[str, Any]) -> str:
    if document["state"] == "unfinished":
        return (
            "The same payrollx-db copy resumes it." if document["run"]["status"] not in ("undone", "abandoned") else ""
        )
    if document["stale"]:
        return "Rows were restored from quarantine since then: payrollx-db verify proves it again."
    if document["state"] == "accounted":
        return "payrollx-db verify proves it."
    if document["state"] == "different":
        return "payrollx-db verify names what differs."
    return ""


def _differing(document: Mapping[str, Any]) -> list[str]:
    return [table["target"] for table in document["verified"] if not table["identical"]]


def _unbalanced(document: Mapping[str, Any]) -> int:
    parts = ("rows_written", "rows_quarantined", "rows_merged")
    return sum(table["rows_read"] != sum(table[part] or 0 for part in parts) for table in document["tables"])


def _tables(names: list[str]) -> str:
    return f"{names[0]} differs" if len(names) == 1 else f"{len(names)} table pairs differ"
