"""A layout as Python: the source tables' shapes, and of the maps only what the general rules don't say."""

from collections.abc import Mapping, Sequence

from payrollx_db.lift.draft import names
from payrollx_db.lift.draft.source import (
    WIDTH,
    Code,
    Imports,
    Item,
    Named,
    Text,
    call,
    lay_out,
    mapping,
    quoted,
    sequence,
    texts,
)
from payrollx_db.model.layout import Discard, DuplicateTable, Layout, LegacyDatabase, Lookup, SourceTable, TableMap

MODULE = "payrollx_db.model.layout"
ROUND = ("(", ")")


def layout_source(layout: Layout) -> str:
    """Return the module that defines ``layout`` as LAYOUT."""
    imports = Imports("")
    constants: dict[int, str] = {}
    lines: list[str] = []
    imports.name(MODULE, "Layout")
    for database in layout.databases:
        for source in _sources(database):
            constant = names.constant(f"{database.service}_{source.name}", constants.values())
            constants[id(source)] = constant
            lines += ["", *_source(constant, source, imports)]
    databases: list[Item] = [_database(database, constants, imports) for database in layout.databases]
    item = call(
        "Layout", Text(layout.name), databases=sequence(databases, ROUND),
        timezone=Text(layout.timezone) if layout.timezone != "UTC" else None,
        migrations=Text(layout.migrations) if layout.migrations else None,
    )  # fmt: skip
    head = ['"""Where the rows come from: the databases of the services, and what of them goes where."""', ""]
    return "\n".join([*head, *imports.lines(), *lines, "", *lay_out("LAYOUT = ", item)]) + "\n"


def _sources(database: LegacyDatabase) -> Sequence[SourceTable]:
    sources = [*(one.source for one in database.maps), *(one.source for one in database.duplicates)]
    return list({id(source): source for source in sources}.values())


def _source(constant: str, source: SourceTable, imports: Imports) -> list[str]:
    imports.name(MODULE, "SourceTable")
    columns = mapping({name: Text(shape) for name, shape in source.columns.items()})
    whole = lay_out(f"{constant} = ", call("SourceTable", Text(source.name), columns))
    if len(whole) == 1:
        return whole
    lines, current = [f"{constant} = SourceTable({quoted(source.name)}, {{"], "   "
    for item in columns.items:
        if len(current) + len(item.flat) + 2 > WIDTH:
            lines.append(current)
            current = "   "
        current += f" {item.flat},"
    return [*lines, current, "})  # fmt: skip"]


def _database(database: LegacyDatabase, constants: dict[int, str], imports: Imports) -> Item:
    imports.name(MODULE, "LegacyDatabase")
    return call(
        "LegacyDatabase", Text(database.name), variable=Text(database.variable), service=Text(database.service),
        schema=Text(database.schema) if database.schema != "public" else None,
        maps=sequence([_map(one, constants, imports) for one in database.maps], ROUND),
        duplicates=_several([_duplicate(one, constants, imports) for one in database.duplicates]),
        discards=_several([_discard(one, imports) for one in database.discards]),
        sequences=_texts(database.sequences),
        elsewhere=_names(database.elsewhere),
        whole=None if database.whole else Code("False"),
    )  # fmt: skip


def _map(table_map: TableMap, constants: dict[int, str], imports: Imports) -> Item:
    imports.name(MODULE, "TableMap")
    return call(
        "TableMap", Code(constants[id(table_map.source)]), Text(table_map.target),
        rename=_texts(table_map.rename), derive=_texts(table_map.derive),
        lookups=mapping({name: _lookup(one, imports) for name, one in table_map.lookups.items()})
        if table_map.lookups else None,
        new=_several(texts(table_map.new)),
        empty_as_null=_names(table_map.empty_as_null),
    )  # fmt: skip


def _lookup(lookup: Lookup, imports: Imports) -> Item:
    return call(imports.name(MODULE, "Lookup"), Text(lookup.table), mapping({k: Text(v) for k, v in lookup.on.items()}))


def _duplicate(duplicate: DuplicateTable, constants: dict[int, str], imports: Imports) -> Item:
    source = Code(constants[id(duplicate.source)])
    return call(imports.name(MODULE, "DuplicateTable"), source, owner=Text(duplicate.owner))


def _discard(discard: Discard, imports: Imports) -> Item:
    column = [Named("column", Text(discard.column))] if discard.column is not None else []
    return call(imports.name(MODULE, "Discard"), Text(discard.table), Text(discard.reason), *column)


def _texts(entries: Mapping[str, str]) -> Item | None:
    return mapping({name: Text(text) for name, text in entries.items()}) if entries else None


def _names(names: frozenset[str]) -> Item | None:
    return call("frozenset", sequence(texts(sorted(names)), ("{", "}"))) if names else None


def _several(items: Sequence[Item]) -> Item | None:
    return sequence(items, ROUND) if items else None
