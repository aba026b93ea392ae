"""Every type that a column can have, with values at its edges, and databases that hold and expect them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from worlds import query

from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap
from payrollx_db.postgres.url import DatabaseUrl

# Postgres' own types. A value is what its input function reads.
BUILT_IN: Mapping[str, Sequence[str]] = {
    "bool": ("t", "f"),
    "int2": ("-32768", "32767"), "int4": ("-2147483648", "2147483647"),
    "int8": ("-9223372036854775808", "9223372036854775807"),
    "float4": ("NaN", "-Infinity", "-0", "1e-45", "3.4028235e38", "0.1"),
    "float8": ("NaN", "Infinity", "-0", "4.9e-324", "1.7976931348623157e308", "123456789012345.67"),
    "numeric": ("NaN", "Infinity", "-Infinity", "0.00", "1e1000", "-1e-1000", "123456789012345678901234567890.10"),
    "money": ("-92233720368547758.08", "92233720368547758.07", "0.01"),
    "text": ("", "\\N", "a\tb\nc\rd\\", "'\"", "é€", "NULL"), "varchar": ("", " x ", "\\."), "bpchar": ("x", "é"),
    "name": ("x", "e" * 63), '"char"': ("x", ""), "refcursor": ("cursor", ""),
    "bytea": ("\\x", "\\x00ff5c0a", "\\x2e"),
    "date": ("infinity", "-infinity", "4714-11-24 BC", "5874897-12-31"),
    "time": ("00:00:00", "24:00:00", "23:59:59.999999"),
    "timetz": ("00:00:00+15:59", "24:00:00-15:59", "12:00:00.000001+05:30:15"),
    "timestamp": ("infinity", "-infinity", "4714-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999"),
    "timestamptz": ("infinity", "4714-11-24 00:00:00+00 BC", "294276-12-31 23:59:59.999999+00"),
    "interval": ("1 mon -30 days +00:00:00.000001", "-178000000 years", "178956970 years", "1 mon", "30 days", "0"),
    "uuid": ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    "json": ('{"a": 1,  "a":2, "s": "\\u0000"}', "1e999999", " [ ] "),
    "jsonb": ('{"b": [1.0, 1.00, null], "a": "\\"\\\\"}', "1e10", '"é"', "{}"),
    "jsonpath": ("$.a[*] ? (@ > 1)", "strict $"),
    "xml": ('<?xml version="1.0" encoding="UTF-8"?><a>é</a>', "<a/>text<b/>",
            '<?xml version="1.0" standalone="yes"?><a/>'),
    "bit(3)": ("101", "000"), "varbit": ("", "1", "0" * 70),
    "inet": ("192.168.0.1/24", "::1", "10.0.0.0/31"), "cidr": ("10.0.0.0/8", "::/0"),
    "macaddr": ("08:00:2b:01:02:03",), "macaddr8": ("08:00:2b:01:02:03:04:05",),
    "point": ("(1e300,-0)", "(NaN,Infinity)"), "line": ("{1,-1,0}",), "lseg": ("[(0,0),(1,1)]",),
    "box": ("(2,2),(1,1)",), "path": ("[(0,0),(1,1)]", "((0,0),(1,1))"), "polygon": ("((0,0),(1,1),(1,0))",),
    "circle": ("<(0,0),1>",),
    "tsvector": ("'fat':1A,2 'cat':3", ""), "tsquery": ("'fat' & ( 'cat':AB | !'rat':* )", ""),
    "pg_lsn": ("0/0", "FFFFFFFF/FFFFFFFF"), "xid": ("0", "4294967295"), "xid8": ("18446744073709551615",),
    "cid": ("4294967295",), "tid": ("(4294967295,65535)",),
    "pg_snapshot": ("10:20:10,14,15",), "txid_snapshot": ("10:20:10,14,15",),
    "int2vector": ("1 2 3", ""), "aclitem": ("=r/postgres", "postgres=a*r/postgres"),
    "int4range": ("empty", "[1,5)", "(,)"), "int8range": ("[1,)",), "numrange": ("[1.0,2.50]", "(NaN,)"),
    "daterange": ("[-infinity,infinity]",), "tsrange": ("(2024-01-01,)",), "tstzrange": ('["2024-01-01 00:00+00",)',),
    "int4multirange": ("{}", "{[1,3),[5,9)}"), "int8multirange": ("{[1,3)}",), "nummultirange": ("{[1.0,2.50]}",),
    "datemultirange": ("{(,2024-01-01)}",), "tsmultirange": ("{(,)}",), "tstzmultirange": ("{(,)}",),
}  # fmt: skip
IN_TEXT = ("xml", "aclitem", "int2vector", "tsquery")  # their binary form doesn't hold all, or there is none
# Those that have no rule, whatever they hold.
REFUSED = (
    "oid", "oidvector", "regclass", "regcollation", "regconfig", "regdictionary", "regnamespace", "regoper",
    "regoperator", "regproc", "regprocedure", "regrole", "regtype", "gtsvector", "pg_node_tree", "pg_ndistinct",
    "pg_dependencies", "pg_mcv_list", "pg_brin_bloom_summary", "pg_brin_minmax_multi_summary",
)  # fmt: skip
# Types of the databases' own. Those of the target lie in another schema, have other OIDs, and labels in another order.
OWN_TYPES = """
CREATE TYPE {schema}.mood AS ENUM ({labels});
CREATE DOMAIN {schema}.short AS varchar(9) CHECK (VALUE <> 'never');
CREATE DOMAIN {schema}.shorter AS {schema}.short CHECK (length(VALUE) < 7);
CREATE TYPE {schema}.hours AS RANGE (subtype = time, multirange_type_name = {schema}.opening);
CREATE TYPE {schema}.place AS (street text, "No" varchar(5), price numeric(10,2), feelings {schema}.mood[],
  at timestamptz, raw bytea, ratio float8, days {schema}.hours);
CREATE DOMAIN {schema}.home AS {schema}.place;
"""
PLACE = '("Haupt""str, \\\\ (1)",7b,1.50,"{fine,NULL}","2024-01-01 00:00:00+00","\\\\x00ff",0.1,"[10:00:00,12:00:00)")'
OWN: Mapping[str, Sequence[str]] = {
    "mood": ("fine", "o'dd"), "mood[]": ("{fine,NULL,\"o'dd\"}", "{}", "{{fine},{\"o'dd\"}}", "[0:1]={fine,fine}"),
    "short": ("", "a b"), "shorter": ("x",), "shorter[]": ("{a,NULL}",), "hours": ("[10:00,12:00)", "empty"),
    "opening": ("{[10:00,12:00),[13:00,14:00]}",), "hours[]": ('{"[10:00,12:00)"}',),
    "place": (PLACE, "(,,,,,,,)"), "place[]": ("{NULL}", '{"(a,b,1.5,{},,,,)"}'), "home": (PLACE,),
}  # fmt: skip
EXTENSIONS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "citext": {"citext": ("Ab", ""), "citext[]": ("{Ab,NULL}",)},
    "hstore": {"hstore": ("a=>1, b=>NULL", ""), "hstore[]": ('{"a=>1"}',)},
    "ltree": {"ltree": ("a.b", ""), "lquery": ("a.*{1,2}",), "ltree[]": ("{a.b}",)},
    "seg": {"seg": ("1 .. 2", "~7"), "seg[]": ('{"1 .. 2"}',)},
    "cube": {"cube": ("(1,2),(3,4)",)},
}


@dataclass(frozen=True)
class Types:
    """What is copied: tables by name, each of columns of these types with these values."""

    tables: Mapping[str, Mapping[str, Sequence[str]]]
    extensions: Sequence[str] = ()

    @classmethod
    def of(cls, url: DatabaseUrl, *, encoding: str = "UTF8") -> "Types":
        """Return the types that the server of ``url`` has, with values that ``encoding`` can hold."""
        there = {name for (name,) in query(url, "SELECT name::text FROM pg_available_extensions")}
        added = {name: types for name, types in EXTENSIONS.items() if name in there}
        named = {kind: tuple(map(encodable(encoding), values)) for kind, values in BUILT_IN.items()}
        known = {name for (name,) in query(url, "SELECT typname::text FROM pg_type")}
        if not reads_xml(url):
            known.discard("xml")
        named = {kind: values for kind, values in named.items() if kind.partition("(")[0].strip('"') in known}
        in_text = {kind: values for kind, values in named.items() if kind in IN_TEXT}
        tables = {
            "binary": {kind: values for kind, values in named.items() if kind not in in_text},
            "texts": in_text | {"text": named["text"], "bytea": named["bytea"], "float8": named["float8"]},
            "arrays": {f"{kind}[]": (array(values, ";" if kind == "box" else ","),) for kind, values in named.items()},
            "own": OWN,
        } | {f"of_{name}": types for name, types in added.items()}
        return cls(tables, tuple(added))

    @property
    def catalog(self) -> Catalog:
        """The catalog of the target."""
        return Catalog("types", (Service("app", schema="app", role="types_app", tables=tuple(self.tables)),))

    @property
    def layout(self) -> Layout:
        """The layout of the source, of which every column goes over by its rule."""
        maps = []
        for name, kinds in self.tables.items():
            columns = {f"c{number}": f"{kind}?" for number, kind in enumerate(kinds)}
            maps.append(TableMap(SourceTable(name, {"id": "integer"} | columns), f"app.{name}"))
        return Layout("types", (LegacyDatabase("old", "OLD", "app", tuple(maps)),))

    def fill(self, source: DatabaseUrl, target: DatabaseUrl) -> None:
        """Make both sides: the source with its rows, the target empty."""
        for name in self.extensions:
            query(source, f"CREATE EXTENSION {name}")
            query(target, f"CREATE EXTENSION {name}")
        query(source, OWN_TYPES.format(schema="public", labels="'fine', 'o''dd'"))
        query(
            target, "CREATE SCHEMA app; CREATE TYPE shift AS (other int); CREATE TABLE shifts (moves int, oids shift[])"
        )
        query(target, OWN_TYPES.format(schema="app", labels="'new', 'o''dd', 'fine'"))
        for name, kinds in self.tables.items():
            query(source, _table(f"public.{name}", kinds, "public"))
            query(target, _table(f"app.{name}", kinds, "app"))
            rows = max(map(len, kinds.values()))
            for row in range(rows + 1):  # the last one is all NULL
                values = [list(texts)[row] if row < len(texts) else None for texts in kinds.values()]
                marks = ", ".join(f"%s::{_qualified(kind, 'public')}" for kind in kinds)
                query(source, f"INSERT INTO public.{name} VALUES ({row}, {marks})", values)

    def as_texts(self, url: DatabaseUrl, schema: str) -> dict[str, list[tuple[object, ...]]]:
        """Return the rows of all tables, each value as text under settings that both sides share."""
        settings = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET lc_monetary = 'C'; SET extra_float_digits = 1"
        rows = {}
        for name, kinds in self.tables.items():
            texts = ", ".join(f"c{number}::text" for number in range(len(kinds)))
            rows[name] = last_answer(url, f"{settings}; SELECT id, {texts} FROM {schema}.{name} ORDER BY id")
        return rows


def reads_xml(url: DatabaseUrl) -> bool:
    """Tell whether the server was built with what reads XML."""
    try:
        return bool(query(url, "SELECT '<a/>'::xml::text"))
    except psycopg.errors.FeatureNotSupported:
        return False


def encodable(encoding: str) -> "Encodable":
    """Return what leaves out of a text the characters that ``encoding`` hasn't."""
    return Encodable({"UTF8": "utf-8", "LATIN1": "latin-1"}[encoding])


@dataclass(frozen=True)
class Encodable:
    """Leaves out of a text the characters that an encoding hasn't."""

    codec: str

    def __call__(self, text: str) -> str:
        return text.encode(self.codec, "ignore").decode(self.codec)


def array(values: Sequence[str], delimiter: str) -> str:
    """Return these values and a NULL as an array's text."""
    escaped = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + delimiter.join([*(f'"{value}"' for value in escaped), "NULL"]) + "}"


def last_answer(url: DatabaseUrl, statements: str) -> list[tuple[object, ...]]:
    """Run statements in one session and return the rows of the last one."""
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        cursor = connection.execute(statements)  # type: ignore[call-overload]
        while cursor.nextset():
            pass
        return list(cursor.fetchall())


def _table(name: str, kinds: Mapping[str, Sequence[str]], schema: str) -> str:
    columns = ", ".join(f"c{number} {_qualified(kind, schema)}" for number, kind in enumerate(kinds))
    return f"CREATE TABLE {name} (id integer PRIMARY KEY, {columns})"


def _qualified(kind: str, schema: str) -> str:
    return f"{schema}.{kind}" if kind in OWN else kind
