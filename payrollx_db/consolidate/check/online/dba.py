"""Who may run what a finding asks for, and how it is called where a service runs the server."""

from dataclasses import dataclass

from psycopg import sql

from payrollx_db.consolidate.check.online.facts import ServerState

# The roles by which a managed service is known, and what its administrators are called.
SERVICES = {
    "rds_superuser": "rds",
    "cloudsqlsuperuser": "cloudsql",
    "alloydbsuperuser": "alloydb",
    "azure_pg_admin": "azure",
}
ADMINISTRATORS = {service: role for role, service in SERVICES.items()}
LOGICAL = {
    "rds": "set rds.logical_replication to 1 in the parameter group of the instance, and reboot it",
    "cloudsql": "set the flag cloudsql.logical_decoding to on; the instance restarts",
    "alloydb": "set the flag alloydb.logical_decoding to on; the instance restarts",
    "azure": "set the server parameter wal_level to LOGICAL, and restart the server",
}


@dataclass(frozen=True)
class Advice:
    """What to do: a sentence that says who may do it, and the statements where there are some."""

    remedy: str
    sql: str = ""


def service_of(server: ServerState) -> str:
    """Return which managed service runs the server: empty for none that we know."""
    return next((SERVICES[role] for role in server.service_roles or () if role in SERVICES), "")


def wal_level(server: ServerState) -> Advice:
    """Return how the log comes to hold what changed."""
    service = service_of(server)
    if service:
        return Advice(LOGICAL[service])
    return Advice(
        "a superuser runs this, and the server is restarted", statement("ALTER SYSTEM SET wal_level = 'logical'")
    )


def raised(server: ServerState, setting: str, number: int) -> Advice:
    """Return how a setting gets a higher number that only a restart brings."""
    service = service_of(server)
    if service:
        where = {"rds": "in the parameter group", "azure": "among the server parameters"}.get(service, "as a flag")
        return Advice(f"set {setting} to {number} or more {where}, and restart the server")
    text = sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(setting), number)
    return Advice("a superuser runs this, and the server is restarted", statement(text))


def replication(server: ServerState) -> Advice:
    """Return how the login gets the right to stream the log."""
    login, service = sql.Identifier(server.login), service_of(server)
    if service == "rds":
        who = "a member of rds_superuser runs this"
        return Advice(who, statement(sql.SQL("GRANT rds_replication TO {}").format(login)))
    if service:
        who = f"a member of {ADMINISTRATORS[service]} runs this"
    elif server.major >= 16:
        who = "a superuser runs this, or a role with CREATEROLE and REPLICATION that has ADMIN on this one"
    else:
        who = "a superuser runs this"
    return Advice(who, statement(sql.SQL("ALTER ROLE {} REPLICATION").format(login)))


def create_on_database(server: ServerState, dbname: str) -> Advice:
    """Return how the role gets CREATE on the database."""
    text = sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(sql.Identifier(dbname), sql.Identifier(server.acts_as))
    return Advice(f"the database's owner {server.owner} runs this, or {administrator(server)}", statement(text))


def membership(server: ServerState, owner: str) -> Advice:
    """Return how the role comes to act as the owner of tables."""
    inherit = " WITH INHERIT TRUE" if server.major >= 16 else ""
    text = sql.SQL("GRANT {} TO {}{}").format(
        sql.Identifier(owner), sql.Identifier(server.acts_as), sql.SQL(inherit)
    )  # fmt: skip
    who = f"{administrator(server)} runs this, or a role with ADMIN on {owner}"
    if server.major < 16:
        who += f"; {server.acts_as} has to be a role with INHERIT"
    return Advice(f"{who}; it can be revoked when all is completed", statement(text))


def administrator(server: ServerState) -> str:
    """Return who administers the server."""
    service = service_of(server)
    return f"a member of {ADMINISTRATORS[service]}" if service else "a superuser"


def statement(text: sql.Composable | str) -> str:
    """Return a statement as it is pasted."""
    return f"{text if isinstance(text, str) else text.as_string(None)};"
