"""One service's module: its enums and domains, its tables as models, and its facade."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from payrollx_db.lift.draft import columns, constraints, names, relationships
from payrollx_db.lift.draft.database import Column, Constraint, Index, Table, Type
from payrollx_db.lift.draft.relationships import Planned, Relationship
from payrollx_db.lift.draft.source import (
    INDENT,
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
)
from payrollx_db.lift.draft.types import CORE, POSTGRES, NamedType, Types

ORM = "sqlalchemy.orm"
FACADE = frozenset({
    "async_dispose", "async_ping", "async_session", "db", "dispose", "ping", "service", "session", "tables", "url",
    "wall",
})  # fmt: skip


@dataclass(frozen=True)
class Names:
    """What a file of somebody's own says that things are called; empty where it doesn't say."""

    table: Callable[[Table], str] = lambda _: ""
    column: Callable[[Table, Column], str] = lambda _table, _column: ""
    enum: Callable[[Type], str] = lambda _: ""
    relationship: Callable[[Table, Constraint], tuple[str, str]] = lambda _table, _key: ("", "")
    table_comment: Callable[[Table], str] = lambda _: ""
    column_comment: Callable[[Table, Column], str] = lambda _table, _column: ""
    enum_comment: Callable[[Type], str] = lambda _: ""
    member: Callable[[Type, str], str] = lambda _kind, _label: ""
    join: Callable[[Table], Mapping[str, str]] = lambda _: {}  # of a table that joins two: what it gives, by its column
    made_by_client: Callable[[Table, Column], str] = lambda _table, _column: ""  # "uuid" or "updatedAt"


@dataclass(frozen=True)
class Loose:
    """A loose reference of a column: the ``schema.table.column`` that it points at, and what joins several columns."""

    target: str
    together: str = ""


@dataclass(frozen=True)
class ServiceDraft:
    """What a module is written for: a service, the tables of its schema, and what its migrations make beside them."""

    name: str
    module: str
    schema: str
    role: str
    tables: Sequence[Table]
    extras: Sequence[str] = ()
    loose: Mapping[tuple[str, str], Loose] = field(default_factory=dict)  # by table and column


@dataclass
class _Module:
    """A module on its way."""

    package: str
    draft: ServiceDraft
    known: Mapping[int, Type]
    given: Names
    imports: Imports = field(init=False)
    types: Types = field(init=False)
    planned: Planned = field(init=False)

    def __post_init__(self) -> None:
        self.imports = Imports(self.package)
        self.types = Types(self.known, self.imports, self.given.enum, self.given.member)
        self.planned = _plan_names(self.draft.tables, self.given)
        self.types.taken = names.RESERVED | set(self.planned.classes.values())


def module_source(package: str, draft: ServiceDraft, known: Mapping[int, Type], given: Names | None = None) -> str:
    """Return the source of a service's module. ``known`` are the database's types."""
    module = _Module(package, draft, known, given or Names())
    module.imports.name(f"{package}.base", "CATALOG")
    module.imports.name(f"{package}.base", "metadata")
    module.imports.name("payrollx_db.facade.facade", "Facade")
    module.imports.name("payrollx_db.model.catalog", "Service")
    for kind in _own_types(module):
        module.types.define(kind)
    related = relationships.plan(draft.tables, module.planned, module.given.relationship, module.given.join)
    bodies = [_table(module, table, related[table.name]) for table in _ordered(draft.tables, module.planned)]
    defined = [line for one in list(module.types.named.values()) for line in _named_type(module, one)]
    head = [*_service(module), *defined]
    lines = [f'"""The {draft.name} service: the tables of the schema {draft.schema}."""', ""]
    lines += [*module.imports.lines(), "", *head]
    for body in bodies:
        lines += ["", "", *body]
    return "\n".join(lines).replace("\n\n\n\n", "\n\n\n") + "\n"


def module_names(draft: ServiceDraft, given: Names | None = None) -> Planned:
    """Return what classes and attributes a service's module has."""
    return _plan_names(draft.tables, given or Names())


def _own_types(module: _Module) -> Iterator[Type]:
    """Yield the enums and domains of the service's own schema, those too that no column is of."""
    for kind in module.known.values():
        if kind.schema == module.draft.schema and kind.kind == "e":
            yield kind


def _plan_names(tables: Sequence[Table], given: Names) -> Planned:
    classes: dict[str, str] = {}
    variables: dict[str, str] = {}
    attributes: dict[str, dict[str, str]] = {}
    joined = {name for table in tables for key in table.of_kind("f") if (name := key.target) is not None}
    for table in tables:
        if table.key and (table.name in joined or not relationships.is_join(table)):
            classes[table.name] = names.class_name(table.name, classes.values(), given.table(table))
        else:
            variables[table.name] = names.free(f"{names.attribute(table.name)}_table", variables.values())
    for table in tables:
        taken: dict[str, str] = {}
        for column in table.columns:
            name = given.column(table, column)
            taken[column.name] = names.attribute(name or column.name, {*taken.values(), *variables.values()})
        attributes[table.name] = taken
    return Planned(classes, attributes, variables)


def _ordered(tables: Sequence[Table], planned: Planned) -> list[Table]:
    """Return the tables in the order of their names; those without a class come last."""
    return sorted(tables, key=lambda table: (table.name in planned.variables, table.name))


def _service(module: _Module) -> list[str]:
    draft = module.draft
    title = f"{names.camel(draft.name)}Facade"
    extras = sequence([Text(extra) for extra in draft.extras], ("(", ")")) if draft.extras else None
    item = call("Service", Text(draft.name), schema=Text(draft.schema), role=Text(draft.role), extras=extras)
    lines = [*lay_out("service = ", item), "", ""]
    lines += [f"class {title}(Facade):", f'{INDENT}"""The tables of the service, by name."""']
    shown = [table.name for table in draft.tables if names.attribute(table.name) == table.name]
    shown = [name for name in shown if name not in FACADE]
    if shown:
        module.imports.name(CORE, "Table")
        lines += ["", *(f"{INDENT}{name}: Table" for name in shown)]
    facade = call(title, Code("service"), metadata=Code("metadata"), catalog=Code("CATALOG"))
    lines += ["", "", *lay_out("db = ", facade)]
    if module.planned.classes:
        lines += ['HERE = {"schema": service.schema}', "", "", *_base(module)]
    return lines


def _base(module: _Module) -> list[str]:
    module.imports.name(ORM, "DeclarativeBase")
    module.imports.name(f"{module.package}.base", "TYPES")
    return [
        "class Base(DeclarativeBase):",
        f'{INDENT}"""The base of the models of this service, whose names no other service sees."""',
        "",
        f"{INDENT}metadata = metadata",
        f"{INDENT}type_annotation_map = TYPES",
    ]


def _named_type(module: _Module, named: NamedType) -> Iterator[str]:
    kind = named.type
    if kind.kind == "e":
        module.imports.name("enum", "StrEnum")
        module.imports.name(f"{module.package}.base", "labels")
        yield from ("", "", f"class {named.annotation}(StrEnum):")
        if comment := module.given.enum_comment(kind) or kind.comment:
            yield f"{INDENT}{_docstring(comment)}"
            yield ""
        if not named.members:
            yield f"{INDENT}pass"
        yield from (f"{INDENT}{member} = {quoted(label)}" for label, member in named.members.items())
        yield from ("", "")
        item: Item = call("labels", Text(kind.name), Text(kind.schema), Code(named.annotation))
    else:
        yield ""
        item = _domain(module, kind)
    yield from lay_out(f"{named.constant} = ", item)


def _domain(module: _Module, kind: Type) -> Item:
    check = kind.checks[0] if kind.checks else None
    base = module.types.base_of(kind)
    if isinstance(base, Code) or base.flat.startswith("DateTime("):
        module.imports.name(CORE, base.flat.partition("(")[0])
    return call(
        module.imports.name(POSTGRES, "DOMAIN"), Text(kind.name), base, schema=Text(kind.schema),
        default=constraints.sql(kind.default, module.imports) if kind.default is not None else None,
        constraint_name=Text(check[0]) if check else None,
        not_null=Code("True") if kind.not_null else None,
        check=constraints.sql(check[1], module.imports) if check else None,
        create_type=Code("False"),
    )  # fmt: skip


def _table(module: _Module, table: Table, related: Sequence[Relationship]) -> list[str]:
    if table.name in module.planned.variables:
        return _plain_table(module, table)
    imports = module.imports
    imports.name(ORM, "Mapped")
    imports.name(ORM, "mapped_column")
    lines = [f"class {module.planned.classes[table.name]}(Base):"]
    if comment := module.given.table_comment(table) or table.comment:
        lines += [f"{INDENT}{_docstring(comment)}", ""]
    lines.append(f"{INDENT}__tablename__ = {quoted(table.name)}")
    said, further = _split(module, table)
    lines += _table_arguments(table, further)
    lines.append("")
    attributes = module.planned.attributes[table.name]
    for column in table.columns:
        attribute = attributes[column.name]
        annotation, items = columns.arguments(
            table, column, module.types, imports, said[column.name], model=True, attribute=attribute
        )
        items += _client_default(module, table, column)
        lines += [f"{INDENT}# {line}".rstrip() for line in module.given.column_comment(table, column).splitlines()]
        lines += lay_out(f"{attribute}: Mapped[{annotation}] = ", call("mapped_column", *items), indent=INDENT)
    if related:
        imports.name(ORM, "relationship")
        lines.append("")
    for one in related:
        lines += lay_out(f"{one.attribute}: Mapped[{one.annotation}] = ", one.item, indent=INDENT)
    return lines


def _client_default(module: _Module, table: Table, column: Column) -> Iterator[Item]:
    """Yield what the client of another language gave to a column, in Python's words."""
    made = module.given.made_by_client(table, column)
    if made == "uuid":
        module.imports.name("uuid", "uuid4")
        yield Named("default", Code("uuid4" if column.written == "uuid" else "lambda: str(uuid4())"))
    elif made:
        module.imports.name(CORE, "func")
        # A time without a zone is in UTC there, whatever the session's zone is.
        now = "func.now()" if "with time zone" in column.written else 'func.timezone("UTC", func.now())'
        if column.default is None:
            yield Named("default", Code(now))
        yield Named("onupdate", Code(now))


def _table_arguments(table: Table, further: Sequence[Item]) -> list[str]:
    options = _options(table)
    here: Item = Code("HERE")
    if options:
        here = Code(f"HERE | {mapping(options).flat}")
    if not further:
        return lay_out("__table_args__ = ", here, indent=INDENT)
    return lay_out("__table_args__ = ", sequence([*further, here], ("(", ")")), indent=INDENT)


def _plain_table(module: _Module, table: Table) -> list[str]:
    imports = module.imports
    for name in ("Column", "Table"):
        imports.name(CORE, name)
    said, further = _split(module, table)
    items: list[Item] = [Text(table.name), Code("metadata")]
    for column in table.columns:
        _, arguments = columns.arguments(
            table, column, module.types, imports, said[column.name], model=False, attribute=column.name
        )
        items.append(call("Column", Text(column.name), *arguments))
    items += [*further, Named("schema", Code("service.schema"))]
    items += [Named(name, value) for name, value in _options(table).items()]
    return lay_out(f"{module.planned.variables[table.name]} = ", call("Table", *items))


def _options(table: Table) -> dict[str, Item]:
    options: dict[str, Item] = {}
    if table.comment is not None:
        options["comment"] = Text(table.comment)
    if table.partition_by:
        options["postgresql_partition_by"] = Text(table.partition_by)
    if table.unlogged:
        options["prefixes"] = sequence([Text("UNLOGGED")])
    if table.options:
        pairs = (option.partition("=") for option in table.options)
        options["postgresql_with"] = mapping({name: Text(value) for name, _, value in pairs})
    return options


def _split(module: _Module, table: Table) -> tuple[dict[str, columns.Said], list[Item]]:
    """Return what each column's own arguments say, and what is left for the table's."""
    own = _OfColumns.of(table)
    said = {
        column.name: columns.Said(
            primary_key=own.key is not None and column.name in own.key.columns,
            unique=column.name in own.uniques,
            index=column.name in own.indexes,
            foreign_key=constraints.foreign_key(table, key, module.imports, inline=True) if key else None,
            info=_loose(module, table, column),
            type_follows=key is not None and _leads_to(module, key) == column.written,
        )
        for column in table.columns
        for key in (own.foreign_keys.get(column.name),)
    }
    return said, list(_left(module, table, own))


@dataclass(frozen=True)
class _OfColumns:
    """What a table's columns say by arguments of their own, by the column: the rest is the table's to say."""

    key: Constraint | None
    uniques: Mapping[str, Constraint]
    indexes: Mapping[str, Index]
    foreign_keys: Mapping[str, Constraint]

    @classmethod
    def of(cls, table: Table) -> "_OfColumns":
        """Choose: of several alike, the first is the column's."""
        indexes: dict[str, Index] = {}
        for index in _indexes(table):
            if constraints.is_plain_index(table, index):
                indexes.setdefault(str(index.elements[0].column), index)
        keys: dict[str, Constraint] = {}
        for key in table.of_kind("f"):
            if len(key.columns) == 1 and "." not in f"{key.target}{key.target_columns[0]}":
                keys.setdefault(key.columns[0], key)
        uniques = {one.columns[0]: one for one in table.of_kind("u") if constraints.is_plain_unique(table, one)}
        plain_key = table.key if table.key and constraints.is_plain_key(table, table.key) else None
        return cls(plain_key, {n: one for n, one in uniques.items() if n not in indexes}, indexes, keys)


def _left(module: _Module, table: Table, own: _OfColumns) -> Iterator[Item]:
    """Yield what no column says of itself."""
    imports = module.imports
    if table.key and not own.key:
        yield constraints.key(table, table.key, imports)
    for unique in table.of_kind("u"):
        if own.uniques.get(unique.columns[0]) is not unique:
            yield constraints.unique(table, unique, imports)
    for check in table.of_kind("c"):
        yield constraints.check(check, imports)
    for exclusion in table.of_kind("x"):
        yield constraints.exclusion(table, exclusion, imports)
    for key in table.of_kind("f"):
        if own.foreign_keys.get(key.columns[0]) is not key:
            yield constraints.foreign_key(table, key, imports, inline=False)
    for index in _indexes(table):
        if own.indexes.get(str(index.elements[0].column)) is not index:
            yield constraints.index_item(table, index, imports)


def _loose(module: _Module, table: Table, column: Column) -> Item | None:
    loose = module.draft.loose.get((table.name, column.name))
    if loose is None:
        return None
    name = module.imports.name("payrollx_db.model.catalog", "loose_reference")
    return call(name, Text(loose.target), together=Text(loose.together) if loose.together else None)


def _leads_to(module: _Module, key: Constraint) -> str:
    """Return the type of the column that a foreign key leads to; empty where that is another service's."""
    for table in module.draft.tables:
        if (table.schema, table.name) == (key.target_schema, key.target):
            return next(column.written for column in table.columns if column.name == key.target_columns[0])
    return ""


def _indexes(table: Table) -> list[Index]:
    return [index for index in table.indexes if not index.of_constraint]


def _docstring(text: str) -> str:
    """Return a comment as a docstring on one line."""
    words = " ".join(text.split()).replace("\\", "\\\\").replace('"', "'")
    return f'"""{words}"""'


def unsayable(table: Table) -> Iterator[str]:
    """Yield what of a table SQLAlchemy has no word for, a phrase each: the migrations alone keep it."""
    yield from constraints.unsayable(table)
    place = f"{table.schema}.{table.name}"
    for column in table.columns:
        if columns.counts_beside_key(table, column):
            yield f"default of {place}.{column.name}: it counts by {column.sequence_schema}.{column.sequence}"
        if column.collation and column.collation_schema != "pg_catalog":
            yield f"collation of {place}.{column.name}: {column.collation_schema}.{column.collation}"
