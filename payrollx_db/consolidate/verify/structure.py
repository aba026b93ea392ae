"""What became of a structure: what is gone, changed or new, as findings with the statements that bring it back."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from payrollx_db.model.finding import Finding
from payrollx_db.postgres import structure_repairs
from payrollx_db.postgres.structure import RELATIONS, VIEWS, StructureObject, plain_name
from payrollx_db.postgres.structure_repairs import WITH_INDEX

GONE, CHANGED, NEW, RENAMED = "structure-gone", "structure-changed", "structure-new", "structure-renamed"
WAITING, UNKNOWN = "structure-waiting", "structure-unknown"

# What is said of an object only where something is wrong with it: that it's right now is no difference.
FLAWS = frozenset(
    {
        "not valid",
        "invalid",
        "not ready",
        "unattached",
        "not populated",
        "not null, not valid",
        "detach pending",
    }
)
# Flaws that are listed: only one more is a difference.
LISTED_FLAWS = frozenset({"unenforced constraints", "owner lacks"})
# What belongs to a thing's parent, and tells which parent that is: it comes and goes with that.
PART_OF = "part of"
# What is known by its name alone: of another name, it is another one.
KNOWN_BY_NAME = frozenset(
    {
        "column",
        "view column",
        "trigger",
        "type",
        "function",
        "schema",
        "publication",
        "event trigger",
        *RELATIONS,
    }
)
# Of these, what came to them is no loss.
SETS = frozenset({"privileges", "published in", "default privileges"})
_ON = re.compile(r" ON (\w+ )?%s TO ")
ON_PURPOSE = (
    "if this was done on purpose, payrollx-db verify --accept-structure records the structure as it is now; else the"
    " statements bring it back"
)
NO_WAY_BACK = (
    "if this was done on purpose, payrollx-db verify --accept-structure records the structure as it is now; else bring"
    " it back from a backup or with a migration"
)
MIGRATED = "migrations have run since the structure was recorded, and may have done this; "


@dataclass(frozen=True)
class StructureVerdict:
    """What comparing structures showed: ``compared`` objects, and what there is to say of them.

    ``tables`` are how many tables it speaks of, ``unknown`` those whose design nothing says.
    """

    findings: tuple[Finding, ...]
    compared: int
    tables: int
    unknown: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether everything stands as it was designed."""
        return not self.differences

    @property
    def differences(self) -> tuple[Finding, ...]:
        """What isn't as it was designed."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def document(self) -> dict[str, Any]:
        """Return the verdict as plain data, for ``--json`` and the state."""
        return {
            "intact": self.intact,
            "objects": self.compared,
            "tables": self.tables,
            "unknown": list(self.unknown),
            "findings": [
                {
                    "code": finding.code,
                    "severity": finding.severity,
                    "place": finding.place,
                    "message": finding.message,
                    "hint": finding.remedy,
                    "sql": finding.sql.splitlines(),
                }
                for finding in self.findings
            ],
        }


def findings_of(
    recorded: Sequence[StructureObject],
    current: Sequence[StructureObject],
    ready: Collection[str],
    *,
    migrated: bool = False,
) -> list[Finding]:
    """Say what differs between what was recorded and what stands; each side has only what the other hasn't alike.

    ``ready`` are the tables (``schema.table``) that finished runs have filled: a foreign key to or from another one
    may wait for it. ``migrated`` says that migrations have run meanwhile.
    """
    standing = {thing.key: thing for thing in current}
    before = {thing.key: thing for thing in recorded}
    spare = [thing for thing in current if thing.key not in before]
    lost = [thing for thing in recorded if thing.key not in standing]
    names = {id(thing): namesake for thing in lost if (namesake := _take_alike(thing, spare))}
    renamed = {thing.name: names[id(thing)].name for thing in lost if thing.kind == "sequence" and id(thing) in names}
    findings: list[Finding] = []
    for thing in _topmost(recorded, standing):
        now = standing.get(thing.key)
        if now is not None:
            reshaped = any(part.kind == "view column" for part in _parts(thing, lost))
            remake = _create_with(thing, _parts(thing, recorded)) if reshaped else []
            findings += _changed(thing, now, ready, _renaming(thing, renamed), remake)
        elif id(thing) in names:
            message = f"{thing} is called {names[id(thing)].name} now"
            findings.append(Finding(RENAMED, "info", plain_name(thing.table), 1, message))
        else:
            index = ("index", thing.table, thing.name)
            stands = index in standing or index not in before
            findings.append(_gone(thing, _parts(thing, recorded), index_stands=stands))
    findings += [Finding(NEW, "info", plain_name(thing.table), 1, f"{thing} is new") for thing in spare]
    return [_after_migration(finding) for finding in findings] if migrated else findings


def unknown_design(tables: Iterable[str]) -> list[Finding]:
    """Say of which tables nothing says how they were designed."""
    message = "no run has recorded its structure, so it was not compared"
    hint = "payrollx-db verify --structure compares it with the source's"
    return [Finding(UNKNOWN, "info", table, 1, message, remedy=hint) for table in sorted(tables)]


def _topmost(
    recorded: Sequence[StructureObject], standing: Mapping[tuple[str, str, str], StructureObject]
) -> Iterator[StructureObject]:
    """Yield what was recorded, without what only went with something else: a table's columns, a key's index."""
    lost = [thing for thing in recorded if thing.key not in standing]
    gone = {thing.key for thing in lost}
    relations = {thing.table for thing in lost if thing.kind in RELATIONS}
    keys = {(thing.table, thing.name) for thing in recorded if thing.kind in WITH_INDEX and _is_other(thing, standing)}
    identities = {f"{thing.table}.{thing.name}" for thing in recorded if "identity" in thing.properties}
    views = {thing.table for thing in standing.values() if thing.kind in VIEWS}
    detached = {
        thing.table
        for thing in recorded
        if "partition of" in thing.properties and thing.key in standing
        and standing[thing.key].properties.get("partition of") != thing.properties["partition of"]
    }  # fmt: skip
    for thing in recorded:
        part_of = thing.properties.get(PART_OF)
        implied = (
            (thing.kind not in RELATIONS and thing.table in relations)
            or (thing.kind == "index" and (thing.table, thing.name) in keys)
            or (thing.key in gone and thing.properties.get("owned by") in identities)
            # what a view's query makes of its columns
            or (thing.kind == "view column" and thing.key in gone and thing.table in views)
            # what the parent's has made of itself for each partition comes back with that, or with the partition
            or (thing.key in gone and part_of and ((thing.kind, *part_of) in gone or thing.table in detached))
        )
        if not implied:
            yield thing


def _is_other(thing: StructureObject, standing: Mapping[tuple[str, str, str], StructureObject]) -> bool:
    """Tell whether a constraint is gone, or is of another definition now."""
    now = standing.get(thing.key)
    return now is None or now.properties.get("definition") != thing.properties.get("definition")


def _parts(thing: StructureObject, things: Iterable[StructureObject]) -> list[StructureObject]:
    """Return what is made anew with a view, or with the trigger of a partitioned table where it isn't as that is."""
    if thing.kind == "trigger":
        same = [
            part for part in things if (part.kind, part.name) == (thing.kind, thing.name) and PART_OF in part.properties
        ]
        return [part for part in same if part.properties.get("enabled") != thing.properties.get("enabled")]
    if thing.kind not in VIEWS:
        return []
    return [part for part in things if part.table == thing.table and part.kind not in RELATIONS]


def _renaming(thing: StructureObject, renamed: Mapping[str, str]) -> StructureObject:
    """Return a column as it would be if its sequence always had the name that it has now."""
    default = thing.properties.get("default")
    if thing.kind != "column" or default is None:
        return thing
    for was, is_now in renamed.items():
        default = default.replace(f"nextval({_literal(was)}::regclass)", f"nextval({_literal(is_now)}::regclass)")
    return replace(thing, properties={**thing.properties, "default": default})


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _take_alike(thing: StructureObject, spare: list[StructureObject]) -> StructureObject | None:
    """Take from ``spare`` an object that is the same but for its name."""
    if thing.kind in KNOWN_BY_NAME:
        return None
    for other in spare:
        if (other.kind, other.table, _own(other)) == (thing.kind, thing.table, _own(thing)):
            spare.remove(other)
            return other
    return None


def _own(thing: StructureObject) -> dict[str, Any]:
    return {name: value for name, value in thing.properties.items() if name != PART_OF}


def _gone(thing: StructureObject, parts: Sequence[StructureObject], *, index_stands: bool) -> Finding:
    definition = thing.properties.get("definition") or thing.properties.get("type")
    if thing.kind == "function":
        definition = None  # its body is in the statement
    statements = _create_with(thing, parts)
    if index_stands and thing.kind in WITH_INDEX:
        statements = [structure_repairs.drop_index(thing), *statements]
    return Finding(
        GONE, "error", plain_name(thing.table), 1, f"{thing} is gone" + (f": {definition}" if definition else ""),
        remedy=ON_PURPOSE if statements else NO_WAY_BACK, sql="\n".join(statements),
    )  # fmt: skip


def _create_with(thing: StructureObject, parts: Iterable[StructureObject]) -> list[str]:
    """Return the statements that make ``thing`` anew, with what belongs to it."""
    statements = structure_repairs.create(thing)
    for part in parts:
        if part.kind == "view column":
            statements += structure_repairs.change(part, {}, part.properties)
        elif PART_OF in part.properties:
            statements += structure_repairs.change(part, {}, ["enabled"])
        else:
            statements += structure_repairs.create(part)
    return statements


def _changed(
    thing: StructureObject, now: StructureObject, ready: Collection[str], renamed: StructureObject,
    remake: Sequence[str],
) -> Iterator[Finding]:  # fmt: skip
    """Say how ``thing`` has changed; it is what ``renamed`` is now, where the sequence of its default was renamed.

    ``remake`` makes a view anew that has lost columns: it can't be replaced.
    """
    names = [name for name in {**thing.properties, **now.properties} if _is_worse(name, renamed, now)]
    if not names:
        return
    what = "; ".join(
        "its body or its declaration is another one" if (thing.kind, name) == ("function", "definition")
        else _was_is(name, thing.properties.get(name), now.properties.get(name))
        for name in names
    )  # fmt: skip
    message = f"{thing}: {what}"
    if names == ["not valid"] and thing.kind == "foreign key" and not _both_ready(thing, ready):
        hint = "copy the service of its other table as well: the copy then validates it"
        yield Finding(WAITING, "info", plain_name(thing.table), 1, message, remedy=hint)
        return
    statements = structure_repairs.change(thing, now.properties, names)
    if remake:
        statements = [f"DROP {thing.kind.upper()} {thing.table};", *remake]
    yield Finding(
        CHANGED, "error", plain_name(thing.table), 1, message,
        remedy=ON_PURPOSE if statements else NO_WAY_BACK, sql="\n".join(statements),
    )  # fmt: skip


def _is_worse(name: str, thing: StructureObject, now: StructureObject) -> bool:
    was, is_now = thing.properties.get(name), now.properties.get(name)
    if name in SETS:
        return not set(was or ()) <= set(is_now or ())
    if name == PART_OF:
        return False
    if name in LISTED_FLAWS:
        return not set(is_now or ()) <= set(was or ())
    return was != is_now and not (name in FLAWS and is_now is None)


def ends_of(things: Iterable[StructureObject]) -> set[str]:
    """Return the tables (``schema.table``) that the foreign keys among ``things`` leave and refer to."""
    keys = (thing for thing in things if thing.kind == "foreign key")
    return {plain_name(name) for key in keys for name in (key.table, str(key.properties.get("refers to", "")))}


def _both_ready(key: StructureObject, ready: Collection[str]) -> bool:
    return plain_name(key.table) in ready and plain_name(str(key.properties.get("refers to", ""))) in ready


def _was_is(name: str, was: Any, is_now: Any) -> str:
    if name in SETS:
        lost = sorted(set(was or ()) - set(is_now or ()))
        return f"{name} lost: {', '.join(_ON.sub(' to ', text) for text in lost)}"
    return f"{name} was {_shown(name, was)}, is {_shown(name, is_now)}"


# What the server's letters stand for.
WORDS: Mapping[str, Mapping[Any, str]] = {
    "enabled": {None: "yes", "D": "no", "A": "always", "R": "on replicas only"},
    "persistence": {None: "logged", "u": "unlogged"},
    "replica identity": {None: "the default", "n": "nothing", "f": "full", "i": "an index"},
    "identity": {None: "none", "a": "always", "d": "by default"},
    "generated": {None: "no", "s": "stored", "v": "virtual"},
}


def _shown(name: str, value: Any) -> str:
    if name in WORDS:
        return WORDS[name].get(value, str(value))
    if value is None:
        return "unset"
    if value is True:
        return "true"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {part}" for name, part in value.items())
    return str(value)


def _after_migration(finding: Finding) -> Finding:
    return replace(finding, remedy=MIGRATED + finding.remedy) if finding.severity == "error" else finding
