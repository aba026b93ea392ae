"""What a template's tenants need in a database beside their tables: walls, limits, and word of the registry's changes.

Every migration of a catalog with a template ends by making it, as it makes the audit's triggers: so the walls are there
for each table that a revision brings. What is as it should be isn't touched.
"""

import json
from collections.abc import Iterator

from psycopg import sql

from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.instances import template_of
from payrollx_db.model.template import Limit, Template
from payrollx_db.postgres import query_files
from payrollx_db.schema.roles import statements

queries = query_files.beside(__name__)

SCHEMA = "payrollx_tenants"
LIMITS = "payrollx_limit_"  # what the names of the limits' triggers begin with
LONGEST = 63  # bytes of a trigger's name


def schema(catalog: Catalog) -> str:
    """Return the statement that makes the schema of what tenants need, as who may make schemas."""
    return statements.make_schema(SCHEMA, catalog.owner_role)


def support(catalog: Catalog) -> list[sql.Composed]:
    """Return the statements that make what all tenants of a database need, in this order.

    Where all share their tables, the walls and limits of those too. Raises CatalogError where there is no template.
    """
    template = template_of(catalog)
    registry, owner = template.registry, sql.Literal(catalog.owner_role)
    plans = sql.SQL("SELECT {}::text FROM {} WHERE {} = $1").format(
        sql.Identifier(registry.plan), sql.Identifier(*registry.table.split(".", 1)), sql.Identifier(registry.id)
    )
    base = sql.SQL(queries.load("tenant_support")).format(
        owner=owner,
        setting=sql.Literal(template.setting),
        proof=sql.Literal(template.proof_setting),
        service=sql.Literal(template.service.role),
        registry=sql.Literal(sql.Identifier(*registry.table.split(".", 1)).as_string(None)),
        plan_query=sql.Literal(plans.as_string(None)),
        watched=_json(list(_watched(template))),
    )
    if template.shape != "shared":
        return [base]
    rows = sql.SQL(queries.load("tenant_rows")).format(
        owner=owner,
        schema=sql.Literal(template.service.schema),
        column=sql.Literal(template.tenant_column),
        service=sql.Literal(template.service.role),
    )
    policies = sql.SQL("{}").format(sql.SQL(queries.load("tenant_policies")))
    return [base, policies, rows, limits(catalog, "")]


def limits(catalog: Catalog, tenant: str) -> sql.Composed:
    """Return the statement that makes the limits on the tables of one tenant; without its id, on what all share.

    Raises CatalogError where there is no template, or the id is none.
    """
    template = template_of(catalog)
    place = template.place_of(tenant) if tenant else template.service.schema
    return sql.SQL(queries.load("tenant_limits")).format(
        owner=sql.Literal(catalog.owner_role),
        schema=sql.Literal(place),
        limits=_json([row for limit in template.limits for row in _triggers(template, limit, tenant)]),
    )


def limit_triggers(catalog: Catalog, service: Service) -> list[tuple[str, str]]:
    """Return the triggers of the limits on a service's tables, each with its table; none where no limit is on them."""
    template = catalog.template
    if template is None or not (service.tenant or service.name == template.service.name):
        return []
    triggers = (row for limit in template.limits for row in _triggers(template, limit, service.tenant or ""))
    return [(row["table"], row["trigger"]) for row in triggers]


# -- private ------------------------------------------------------------------------------------------


def _watched(template: Template) -> Iterator[dict[str, object]]:
    """Yield the tables whose changes services hear of, and the columns that matter to them."""
    registry = template.registry
    columns = {registry.table: [registry.id, registry.status, registry.schema, registry.database_url]}
    ids = {registry.table: registry.id}
    for route in registry.routes.values():
        columns.setdefault(route.table, []).extend((route.column, route.tenant))
        ids.setdefault(route.table, route.tenant)
    for table, names in columns.items():
        schema, _, name = table.partition(".")
        yield {"schema": schema, "name": name, "id": ids[table], "columns": names}


def _triggers(template: Template, limit: Limit, tenant: str) -> Iterator[dict[str, str]]:
    """Yield the triggers of a limit; an UPDATE can make a row count only where not all rows count alike."""
    plans = json.dumps(dict(limit.by_plan), sort_keys=True)
    words = (limit.name, tenant, template.tenant_column, limit.where or "true", limit.month, plans)
    arguments = sql.SQL(", ").join(map(sql.Literal, words)).as_string(None)
    function = f"FOR EACH STATEMENT EXECUTE FUNCTION payrollx_tenants.enforce_limit({arguments})"
    events = {"insert": "REFERENCING NEW TABLE AS added"}
    if limit.where or limit.month:
        events["update"] = "REFERENCING OLD TABLE AS removed NEW TABLE AS added"
    for event, rows in events.items():
        definition = f"AFTER {event.upper()} ON {{table}} {rows} {function}"
        yield {"table": limit.table, "trigger": _name(limit.name, event), "definition": definition}


def _name(limit: str, event: str) -> str:
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in limit.lower())
    return f"{LIMITS}{plain[: LONGEST - 22]}_{event}"


def _json(value: object) -> sql.Composed:
    return sql.SQL("{}::jsonb").format(sql.Literal(json.dumps(value)))
