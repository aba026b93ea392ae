"""Prefixes tell people whose a table is; the layout goes by whole names: what is called alike is another's."""

import pytest

from payrollx_db.catalogs import registry
from payrollx_db.consolidate.plan.sharing import ALONE, shared
from payrollx_db.consolidate.plan.unaccounted import unaccounted
from payrollx_db.model.layout import LegacyDatabase
from payrollx_db.postgres.introspect import Database, Table

LAYOUT = registry.layout(registry.find("tec"), "shared")
EMPTY = Database("target", "1", "target", 180000, "18", "UTF8", standby=False, tables={}, foreign_keys=(), leftovers=())


def others_of(legacy: LegacyDatabase) -> set[str]:
    """Return names of another application's tables: of a prefix that begins like this one's, or is it."""
    some = min(legacy.tables)
    prefix = some.partition("_")[0]
    alike = {f"{prefix}style_portfolios", f"{prefix}ance_policies", f"{prefix}_ours", f"{prefix}_", prefix}
    near = {f"{some}s", f"{some}_old", f"_{some}", some.upper(), some.replace("_", "__")}
    return {f"public.{name}" for name in (alike | near) - legacy.tables} | {f"other.{some}"}


@pytest.mark.parametrize("together", [False, True], ids=["alone", "side by side"])
def test_what_begins_like_a_domains_tables_is_named_and_never_taken(together: bool) -> None:  # pytest's
    for legacy in LAYOUT.databases:
        strange = others_of(legacy)
        names = strange | {f"{legacy.schema}.{name}" for name in legacy.tables}
        tables = {name: Table(1, *name.split(".", 1), "r", 0, 0, 0, (), ()) for name in names}
        source = Database(legacy.name, "1", "source", 180000, "18", "UTF8", False, tables, (), ())
        groups = {known.name: "one" for known in LAYOUT.databases}
        others = shared(LAYOUT, legacy, groups, [legacy.name]) if together else ALONE
        known = {f"public.{name}" for name in others.known}
        found = {one.place.removeprefix(f"{legacy.name}.") for one in unaccounted(legacy, source, EMPTY, "x", others)}
        assert strange - known <= found
        assert found.isdisjoint(f"public.{name}" for name in legacy.tables)
