"""What reaches another tenant's rows is refused or empty: hundreds of ways, by ORM, Core and raw SQL, in both shapes.

One tenant, bass, has rows with a secret in each text. Every way is tried from another one's session, and must bring
neither the secret nor a change of any row of bass. What Python refuses leaves the transaction as it was.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from choir_worlds import SECRET, Choirs, run
from choirs.models import Message, Rehearsal, Singer, Song
from facades import as_login
from poolers import PROGRAM, running_pooler
from sqlalchemy import bindparam, delete, exists, func, insert, literal_column, select, table, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, joinedload

from payrollx_db.errors import BoundaryError, PayrollxError

TABLES = ("singers", "songs", "messages", "rehearsals")
TEXTS = {"singers": "name", "songs": "title", "messages": "body", "rehearsals": "place"}
CLASSES: dict[str, Any] = {"singers": Singer, "songs": Song, "messages": Message, "rehearsals": Rehearsal}


def _ways() -> dict[str, list[str]]:
    """Return the ways by raw SQL, by what they are about."""
    ways: dict[str, list[str]] = {}
    kind = ""
    for line in (Path(__file__).parent.parent / "support/tenant_ways.sql").read_text("utf-8").splitlines()[1:]:
        if found := re.match(r"-- (\w+): ", line):
            kind = found[1]
        elif line:
            ways.setdefault(kind, []).append(line.replace(r"\r", "\r"))
    return ways


WAYS = _ways()


def orm(schema: str) -> Iterator[tuple[str, Callable[[Session], Any]]]:
    """Yield ways by classes and Core, each with a name; the schema is that of bass."""
    elsewhere = {"schema_translate_map": {"tenant": schema}}
    for name, kind in CLASSES.items():
        column = TEXTS[name]
        text_of = getattr(kind, column)
        other = table(name, literal_column("id"), schema=schema)
        yield f"{name}: all", lambda s, k=kind: s.scalars(select(k)).all()
        yield f"{name}: where", lambda s, k=kind, c=text_of: s.scalars(select(k).where(c == SECRET)).all()
        yield f"{name}: get", lambda s, k=kind: s.get(k, 2 if k is Rehearsal else "of bass alone")
        yield f"{name}: delete", lambda s, k=kind, c=text_of: s.execute(delete(k).where(c == SECRET)).rowcount
        yield (
            f"{name}: update",
            lambda s, k=kind, c=text_of, n=column: s.execute(update(k).where(c == SECRET).values({n: "x"})).rowcount,
        )
        yield f"{name}: exists", lambda s, c=text_of: s.scalar(select(exists().where(c == SECRET)))
        yield f"{name}: text", lambda s, k=kind: s.scalars(select(k).where(text("tenant_id = 'bass'"))).all()
        yield (
            f"{name}: from statement",
            lambda s, k=kind, n=name: s.scalars(select(k).from_statement(text(f"SELECT * FROM {schema}.{n}"))).all(),
        )
        yield f"{name}: table", lambda s, t=other: s.execute(select(literal_column("*")).select_from(t)).all()
        yield (
            f"{name}: insert",
            lambda s, k=kind, c=column: s.execute(
                insert(k).from_select(["id", c], select(k.id, getattr(k, c)).where(getattr(k, c) == SECRET))
            ),
        )
        yield f"{name}: another map", lambda s, k=kind: s.scalars(select(k), execution_options=elsewhere).all()
        yield f"{name}: connection", lambda s, k=kind: s.connection().execute(select(k.__table__)).all()
        yield f"{name}: driver", lambda s, n=name: s.connection().exec_driver_sql(f"SELECT * FROM {schema}.{n}").all()
    yield "joined", lambda s: s.execute(select(Song.title, Singer.name).join(Singer, Song.singer_id == Singer.id)).all()
    yield "set_config", lambda s: s.execute(select(func.set_config("choirs.choir", "bass", True)))
    yield (
        "set_config, bound",
        lambda s: s.execute(select(func.set_config(bindparam("a"), "bass", True)), {"a": "choirs.choir"}),
    )
    yield "pg_catalog", lambda s: s.execute(select(func.pg_catalog.set_config("role", schema, True)))
    yield "sign", lambda s: s.execute(select(func.payrollx_tenants.sign("bass"))).all()
    yield "loaded", lambda s: s.scalars(select(Singer).options(joinedload("*"))).all()


def raw(choirs: Choirs) -> list[str]:
    """Return every way by raw SQL."""
    schema = choirs.place("bass")
    names = {"schema": schema, "role": schema if choirs.shape == "schemas" else "choirs_owner", "secret": SECRET}
    ways = [way.format(**names) for way in (*WAYS["becoming"], *WAYS["more"])]
    return ways + [way.format(**names, table=t, text=TEXTS[t]) for way in WAYS["reaching"] for t in TABLES]


def attempt(session: Session, way: Callable[[Session], Any]) -> str:
    """Return what a way brings, as text; what the server refuses is rolled back to a savepoint."""
    with suppress(PayrollxError, SQLAlchemyError):
        with session.begin_nested():
            brought = way(session)
            return " ".join(map(_shown, brought)) if isinstance(brought, list) else _shown(brought)
    return ""


def _shown(item: Any) -> str:
    return " ".join(str(value) for value in vars(item).values()) if hasattr(item, "__table__") else str(item)


def by_text(statement: str) -> Callable[[Session], Any]:
    def way(session: Session) -> Any:
        result = session.execute(text(statement.replace(":", r"\:")))
        return result.all() if result.returns_rows else result.rowcount  # type: ignore[attr-defined]

    return way


def rows_of_bass(choirs: Choirs) -> list[list[tuple[Any, ...]]]:
    return [sorted(choirs.query(f"SELECT * FROM {choirs.table('bass', name)}"), key=str) for name in TABLES]


def only_alto(session: Session) -> bool:
    """Tell whether a session is still who it was: it sees its own rows, and these alone."""
    return session.scalars(select(Singer.name).where(Singer.role == "CHIEF")).all() == ["soprano of alto"]


@pytest.fixture
def guarded(choirs: Choirs) -> Iterator[Choirs]:
    """The choirs, with a singer that bass alone has, and rows of bass that must be the same afterwards."""
    column, value = ("tenant_id, ", "'bass', ") if choirs.shape == "shared" else ("", "")
    choirs.query(
        f"INSERT INTO {choirs.place('bass')}.singers ({column}id, name) VALUES ({value}'of bass alone', '{SECRET}')"
    )
    before = rows_of_bass(choirs)
    yield choirs
    assert rows_of_bass(choirs) == before


@pytest.mark.parametrize("driver", ["psycopg", pytest.param("pg8000", marks=pytest.mark.long)])
def test_raw_sql_reaches_no_other_tenant(guarded: Choirs, driver: str) -> None:
    guarded.move(driver)
    ways = raw(guarded)
    assert len(ways) > 250
    with guarded.tenants().session("alto") as session:
        for way in ways:
            brought = attempt(session, by_text(way))
            assert SECRET not in brought, way
            assert only_alto(session), way
        session.rollback()


def test_classes_and_core_reach_no_other_tenant(guarded: Choirs) -> None:
    with guarded.tenants().session("alto") as session:
        for name, way in orm(guarded.place("bass")):
            assert SECRET not in attempt(session, way), name
            assert only_alto(session), name
        session.rollback()


def test_each_way_in_a_transaction_of_its_own_and_the_next_tenant_sees_its_own(guarded: Choirs) -> None:
    """What a way leaves in the session must not be there in the next transaction on it."""
    tenants = guarded.tenants()
    for way in raw(guarded)[::6]:
        with suppress(PayrollxError, SQLAlchemyError), tenants.session("alto") as session:
            assert SECRET not in attempt(session, by_text(way)), way
            raise PayrollxError("rolled back")
        with tenants.session("bass") as session:
            assert session.scalar(text("SELECT count(*) FROM singers WHERE name LIKE '%of alto'")) == 0, way
            assert session.scalar(select(func.count()).select_from(Singer)) == 3, way


@pytest.mark.skipif(PROGRAM is None, reason="pgbouncer isn't installed")
@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_nothing_leaks_through_a_pooler(guarded: Choirs, choir_login: dict[str, str], driver: str) -> None:
    """Two server sessions, no reset query: tenants take turns, after errors, rollbacks and tries to leave."""
    with running_pooler(guarded.url, choir_login, size=2) as place:
        guarded.move(driver, as_login(guarded.login, place), pgbouncer="true")
        tenants, ways = guarded.tenants(), raw(guarded)

        async def one(number: int) -> None:
            tenant = ("alto", "bass")[number % 2]
            with suppress(PayrollxError, SQLAlchemyError):
                async with tenants.async_session(tenant) as session:
                    names = (await session.scalars(select(Singer.name).where(Singer.role == "CHIEF"))).all()
                    assert names == [f"soprano of {tenant}"]
                    if tenant == "alto":
                        brought = await session.run_sync(lambda s: attempt(s, by_text(ways[number * 7 % len(ways)])))
                        assert SECRET not in brought
                        await session.execute(text("SELECT 1 / 0"))
                    await session.rollback()

        async def whole() -> None:
            await asyncio.gather(*(one(number) for number in range(40)))
            await tenants.async_close()

        run(whole())
        guarded.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", choir_login["user"])


def test_options_of_the_connection_lead_nowhere(guarded: Choirs) -> None:
    for options in ({"schema_translate_map": {"tenant": guarded.place("bass")}}, {"isolation_level": "AUTOCOMMIT"}):
        with suppress(PayrollxError), guarded.tenants().session("alto") as session:
            with pytest.raises(BoundaryError, match="takes no option"):
                session.connection().execution_options(**options)
            assert SECRET not in attempt(session, lambda s: s.connection().execute(select(Singer.__table__)).all())
            session.rollback()


def test_threads_and_tasks_and_nested_sessions_keep_apart(guarded: Choirs) -> None:
    tenants = guarded.tenants()

    def seen(tenant: str) -> set[str]:
        with tenants.session(tenant) as outer:
            other = "bass" if tenant == "alto" else "alto"
            with tenants.session(other) as inner:
                assert set(inner.scalars(select(Song.title))) == {f"soprano of {other}"}
            with outer.begin_nested() as savepoint:
                outer.add(Song(id="s", title="soprano of nobody"))
                outer.flush()
                savepoint.rollback()
            return set(outer.scalars(select(Song.title)))

    with ThreadPoolExecutor(4) as pool:
        for tenant, titles in zip(["alto", "bass"] * 8, pool.map(seen, ["alto", "bass"] * 8), strict=True):
            assert titles == {f"soprano of {tenant}"}


def test_another_tenants_keys_are_no_oracle(guarded: Choirs) -> None:
    """The same key is free for each, a reference finds none of another's, and no error shows another's value."""
    with guarded.tenants().session("alto") as session:
        session.add(Singer(id="of bass alone", name="mine", email="bass@choirs"))
        session.flush()
        with pytest.raises(SQLAlchemyError) as absent, session.begin_nested():
            session.add(Song(id="7", title="x", singer_id="nobody has this"))
            session.flush()
        session.rollback()
    with guarded.tenants().session("alto") as session:
        with pytest.raises(SQLAlchemyError) as others, session.begin_nested():
            session.add(Song(id="7", title="x", singer_id="of bass alone"))
            session.flush()
        session.rollback()
    assert str(absent.value).replace("nobody has this", "of bass alone") == str(others.value)
    assert SECRET not in str(others.value)


def test_a_session_without_a_tenant_sees_and_writes_nothing(shared_choirs: Choirs) -> None:
    """As the services' role, without the setting, with one that nothing proves, and with another's proof."""
    import psycopg

    role = "SET ROLE choirs_shared"
    forged = ("SELECT 1", "SET choirs.choir = ''", "SET choirs.choir = 'bass'",
              "SET choirs.choir = 'bass'; SET choirs.choir_proof = ''",
              ("SELECT set_config('choirs.choir_proof', payrollx_tenants.sign('alto'), false);"
               " SET choirs.choir = 'bass'"))  # fmt: skip
    for setting in forged:
        with psycopg.connect(shared_choirs.login.conninfo(), autocommit=True) as connection:
            connection.execute(f"{setting}; {role}")
            for statement in ("SELECT * FROM tenant.singers", "DELETE FROM tenant.singers RETURNING *"):
                with suppress(psycopg.Error):
                    assert connection.execute(statement).fetchall() == [], setting
            with pytest.raises(psycopg.Error):
                connection.execute("INSERT INTO tenant.songs (tenant_id, id, title) VALUES ('bass', '5', 'x')")
            with pytest.raises(psycopg.Error):
                connection.execute("SELECT payrollx_tenants.sign('bass')")
