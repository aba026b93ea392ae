"""What became of a structure: what is gone, changed or new, as findings with the statements that bring it back."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from payrollx_db.model.finding import Finding
from payrollx_db.postgres import structure_repairs
from payrollx_db.postgres.structure import RELATIONS, StructureObject, plain_name

GONE, CHANGED, NEW, RENAMED = "structure-gone", "structure-changed", "structure-new", "structure-renamed"
WAITING, UNKNOWN = "structure-waiting", "structure-unknown"

# What is said of an object only where something is wrong with it: that it's right now is no difference.
FLAWS = frozenset(
    {
        "not valid",
        "invalid",
        "not ready",
        "unattached",
        "unenforced constraints",
        "not populated",
        "not null, not valid",
    }
)
# Of these, what came to them is no loss.
SETS = frozenset({"privileges", "published in"})
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
    findings: list[Finding] = []
    for thing in _topmost(recorded, standing):
        now = standing.get(thing.key)
        if now is not None:
            findings += _changed(thing, now, ready)
        elif namesake := _take_alike(thing, spare):
            message = f"{thing} is called {namesake.name} now"
            findings.append(Finding(RENAMED, "info", plain_name(thing.table), 1, message))
        else:
            index = ("index", thing.table, thing.name)
            findings.append(_gone(thing, index_stands=index in standing or index not in before))
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
    relations = {thing.table for thing in lost if thing.kind in RELATIONS}
    keys = {(thing.table, thing.name) for thing in lost if thing.kind in structure_repairs.CONSTRAINTS}
    identities = {f"{thing.table}.{thing.name}" for thing in recorded if "identity" in thing.properties}
    for thing in recorded:
        with_table = thing.kind not in RELATIONS and thing.table in relations
        with_key = thing.kind == "index" and (thing.table, thing.name) in keys
        with_identity = thing.key not in standing and thing.properties.get("owned by") in identities
        if not (with_table or with_key or with_identity):
            yield thing


def _take_alike(thing: StructureObject, spare: list[StructureObject]) -> StructureObject | None:
    """Take from ``spare`` an object that is the same but for its name."""
    if thing.kind in ("column", "trigger", "type", "function", *RELATIONS):
        return None  # their names are what they are known by
    for other in spare:
        alike = (other.kind, other.table, other.properties) == (thing.kind, thing.table, thing.properties)
        if alike:
            spare.remove(other)
            return other
    return None


def _gone(thing: StructureObject, *, index_stands: bool) -> Finding:
    definition = thing.properties.get("definition") or thing.properties.get("type")
    if thing.kind == "function":
        definition = None  # its body is in the statement
    statements = structure_repairs.create(thing)
    if index_stands and thing.kind in structure_repairs.WITH_INDEX:
        statements = [structure_repairs.drop_index(thing), *statements]
    return Finding(
        GONE, "error", plain_name(thing.table), 1, f"{thing} is gone" + (f": {definition}" if definition else ""),
        remedy=ON_PURPOSE if statements else NO_WAY_BACK, sql="\n".join(statements),
    )  # fmt: skip


def _changed(thing: StructureObject, now: StructureObject, ready: Collection[str]) -> Iterator[Finding]:
    names = [name for name in {**thing.properties, **now.properties} if _is_worse(name, thing, now)]
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
    yield Finding(
        CHANGED, "error", plain_name(thing.table), 1, message,
        remedy=ON_PURPOSE if statements else NO_WAY_BACK, sql="\n".join(statements),
    )  # fmt: skip


def _is_worse(name: str, thing: StructureObject, now: StructureObject) -> bool:
    was, is_now = thing.properties.get(name), now.properties.get(name)
    if name in SETS:
        return not set(was or ()) <= set(is_now or ())
    if name == "unenforced constraints":
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
        return f"{name} lost: {', '.join(text.replace(' ON %s TO ', ' to ') for text in lost)}"
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
