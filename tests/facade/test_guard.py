"""The Python wall: whatever form a statement has, one that names another service's table is refused and not sent."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from facades import ALL, Home, run, watch
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    bindparam,
    column,
    delete,
    exists,
    func,
    insert,
    inspect,
    lambda_stmt,
    lateral,
    select,
    table,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import (
    DeclarativeBase,
    Session,
    aliased,
    joinedload,
    make_transient_to_detached,
    registry,
    relationship,
    selectinload,
    subqueryload,
)
from sqlalchemy.schema import AddConstraint, CreateTable, DropTable

from payrollx_db import auth, compliance, employee, wallet
from payrollx_db.auth import User
from payrollx_db.employee import Employee
from payrollx_db.errors import BoundaryError
from payrollx_db.facade import engines
from payrollx_db.wallet import Wallet, WalletTransaction

ID = uuid.UUID(int=7)
USERS, WALLETS, EMPLOYEES = auth.db.users, wallet.db.wallets, employee.db.employees
LIGHT = table("wallets", column("id"), column("employee_id"), schema="wallet")
AGAIN = Table("wallets", MetaData(), Column("id", Integer), schema="wallet")  # somebody's second definition
MINE = table("unheard_of", column("id"))


class Pointing(DeclarativeBase):
    """Classes of somebody who has read about relationships."""


class Member(Pointing):
    __table__ = Table("employees", Pointing.metadata, *(Column(c.name, c.type, primary_key=c.primary_key)
                      for c in EMPLOYEES.columns), schema="employee")  # fmt: skip
    purses = relationship("Purse", primaryjoin="Member.id == foreign(Purse.employee_id)")


class Purse(Pointing):
    __table__ = Table("wallets", Pointing.metadata, *(Column(c.name, c.type, primary_key=c.primary_key)
                      for c in WALLETS.columns), schema="wallet")  # fmt: skip


STATEMENTS: dict[str, Any] = {
    "select": select(Wallet),
    "select of columns": select(Wallet.id),
    "select of a table": select(WALLETS),
    "a second definition": select(AGAIN),
    "a lightweight table": select(LIGHT.c.id),
    "count": select(func.count()).select_from(Wallet),
    "a function of a column": select(func.max(Wallet.created_at)),
    "insert": insert(Wallet).values(public_key="k"),
    "insert from select": insert(Employee).from_select(["id"], select(Wallet.id)),
    "insert into another, from its own": insert(WALLETS).from_select(["id"], select(Employee.id)),
    "insert returning another's": insert(EMPLOYEES).values(id=ID).returning(WALLETS.c.id),
    "upsert": upsert(Wallet).values(public_key="k").on_conflict_do_nothing(),
    "upsert from another's": upsert(EMPLOYEES)
    .values(id=ID)
    .on_conflict_do_update(index_elements=["id"], set_={"wallet_address": select(Wallet.public_key).scalar_subquery()}),
    "update": update(Wallet).values(provider="mine"),
    "update from": update(Employee).values(wallet_address=Wallet.public_key).where(Wallet.employee_id == Employee.id),
    "update another from its own": update(Wallet).values(provider="x").where(Wallet.employee_id == Employee.id),
    "update with a subquery": update(Employee).values(wallet_address=select(Wallet.public_key).scalar_subquery()),
    "delete": delete(Wallet),
    "delete using": delete(Employee).where(Wallet.employee_id == Employee.id),
    "join": select(Employee).join(Wallet, Wallet.employee_id == Employee.id),
    "outer join": select(Employee).outerjoin(Wallet, Wallet.employee_id == Employee.id),
    "cross join": select(Employee.id, Wallet.id),
    "a foreign key's join": select(EMPLOYEES.join(WALLETS)),
    "where alone": select(Employee).where(Wallet.employee_id == Employee.id),
    "subquery": select(select(Wallet.id).subquery()),
    "scalar subquery": select(select(Wallet.public_key).limit(1).scalar_subquery()),
    "in": select(Employee).where(Employee.id.in_(select(Wallet.employee_id))),
    "exists": select(Employee).where(exists().where(Wallet.employee_id == Employee.id)),
    "cte": select(select(Wallet).cte("own")),
    "recursive cte": select(select(Employee.id).cte("own", recursive=True).union_all(select(Wallet.id))),
    "a cte that writes": select(delete(Wallet).returning(Wallet.id).cte("gone")),
    "add_cte": select(Employee).add_cte(update(Wallet).values(provider="x").returning(Wallet.id).cte("changed")),
    "union": union_all(select(Employee.id), select(Wallet.id)),
    "alias": select(WALLETS.alias("employees")),
    "tablesample": select(WALLETS.tablesample(10)),
    "lateral": select(EMPLOYEES, lateral(select(Wallet.id).where(Wallet.employee_id == EMPLOYEES.c.id)).alias("w")),
    "a row as a value": select(func.row_to_json(WALLETS.table_valued())),
    "an alias of a class": select(aliased(Wallet, name="employees")),
    "for update": select(Wallet).with_for_update(),
    "two hops": select(Employee).where(
        Employee.id.in_(select(select(Wallet.employee_id).where(exists().where(Wallet.id == ID)).subquery()))
    ),
    "lambda": lambda_stmt(lambda: select(Wallet)),
    "a lambda that grows": lambda_stmt(lambda: select(Employee)) + (lambda s: s.join(Wallet, Wallet.id == Employee.id)),
    "text beside it": select(Wallet).where(text("true")),
}


def refused(verb: str = r"[\w ]+", name: str = "wallets") -> Any:
    return pytest.raises(BoundaryError, match=rf"^employee may not {verb} wallet\.{name}, which belongs to the wallet")


@pytest.mark.filterwarnings("ignore:.*cartesian product")
@ALL
def test_no_statement_reaches_another_services_table(home: Home, driver: str) -> None:
    home.move(driver)

    async def one(statement: Any) -> None:
        async with employee.db.async_session() as session:
            await session.execute(statement)

    async def whole() -> None:
        sent = watch(engines.async_place(employee.db.url).engine)
        for name, statement in STATEMENTS.items():
            with refused():
                await one(statement)
            assert not sent.statements, name

    if driver == "asyncpg":
        run(whole())
        return
    sent = watch(engines.place(employee.db.url).engine)
    for name, statement in STATEMENTS.items():
        with refused(), employee.db.session() as session:
            session.execute(statement)
        with refused(), employee.db.session() as session:
            session.connection().execute(statement)
        assert not sent.statements, name
    with refused("read"), employee.db.session() as session:
        session.execute(select(Wallet))


def test_what_its_own_looks_the_same(home: Home) -> None:
    """The same forms over its own tables run, so that it is the names that are refused and not the form."""
    with wallet.db.session() as session:
        for statement in (
            select(Wallet).join(WalletTransaction),
            select(select(Wallet).cte()),
            union_all(select(Wallet.id), select(WalletTransaction.id)),
            select(lateral(select(Wallet.id)).alias("w")),
            delete(Wallet).where(WalletTransaction.wallet_id == Wallet.id),
            update(Wallet).values(provider="x").where(WalletTransaction.wallet_id == Wallet.id),
            lambda_stmt(lambda: select(Wallet)),
            select(table("wallets", column("id"))),
            select(LIGHT),
            select(column("relname")).select_from(table("pg_class", schema="pg_catalog")).limit(1),
            select(func.now()),
        ):
            assert session.execute(statement) is not None


def test_the_server_hears_nothing_of_what_is_refused(home: Home) -> None:
    home.move(application_name="silent")

    with employee.db.session() as session:
        with refused():
            session.execute(select(Wallet))
        state = home.query("SELECT xact_start, query FROM pg_stat_activity WHERE application_name = 'silent'")

    assert [(began, "wallet" in query) for began, query in state] == [(None, False)]


def detached() -> Wallet:
    """Return a wallet as another session would have left it."""
    made = Wallet(id=ID, employee_id=ID)
    make_transient_to_detached(made)
    return made


def anywhere(schema: str | None = None) -> Table:
    return Table("wallets", MetaData(), Column("id", Integer), schema=schema)


WRITES: dict[str, Callable[[Session], Any]] = {
    "add": lambda session: (session.add(Wallet(employee_id=ID, public_key="k", created_by=ID)), session.flush()),
    "merge": lambda session: session.merge(Wallet(id=ID)),
    "get": lambda session: session.get(Wallet, ID),
    "delete": lambda session: (session.delete(detached()), session.flush()),
    "query": lambda session: session.query(Wallet).all(),
    "query count": lambda session: session.query(Wallet).count(),
    "query update": lambda session: session.query(Wallet).update({"provider": "x"}),
    "query delete": lambda session: session.query(Wallet).delete(),
    "bulk insert": lambda session: session.bulk_insert_mappings(inspect(Wallet), [{"public_key": "k"}] * 2),
    "bulk save": lambda session: session.bulk_save_objects([Wallet(public_key="k")]),
    "bulk update": lambda session: session.bulk_update_mappings(inspect(Wallet), [{"id": ID, "provider": "x"}]),
    "many": lambda session: session.execute(insert(Wallet), [{"public_key": "a"}, {"public_key": "b"}]),
    "update by key": lambda session: session.execute(update(Wallet), [{"id": ID, "provider": "x"}]),
    "many by Core": lambda session: session.connection().execute(
        update(WALLETS).where(WALLETS.c.id == bindparam("i")), [{"i": ID, "provider": "x"}]
    ),
    "streaming": lambda session: session.execute(select(Wallet).execution_options(yield_per=1)).one(),
    "Core": lambda session: session.connection().execute(select(WALLETS)),
    "scalars": lambda session: session.scalars(select(Wallet)).all(),
    "a savepoint": lambda session: session.begin_nested() and session.execute(select(Wallet)),
    "translated": lambda session: session.execute(
        select(anywhere()), execution_options={"schema_translate_map": {None: "wallet"}}
    ),
    "translated for the session": lambda session: session.connection(
        execution_options={"schema_translate_map": {"employee": "wallet"}}
    ).execute(select(anywhere("employee"))),
}


@pytest.mark.parametrize("how", WRITES)
def test_no_way_of_a_session_reaches_it_either(home: Home, how: str) -> None:
    sent = watch(engines.place(employee.db.url).engine)

    with refused(), employee.db.session() as session:
        WRITES[how](session)

    assert [statement for statement in sent.statements if "SAVEPOINT" not in statement] == []


def test_translation_into_its_own_schema_is_its_own(home: Home) -> None:
    with wallet.db.session() as session:
        here = {"schema_translate_map": {"elsewhere": "wallet"}}
        assert session.execute(select(anywhere("elsewhere")), execution_options=here).all() == []
    for pretending in (WALLETS, LIGHT):
        with refused("read"), employee.db.session() as session:
            session.execute(select(pretending), execution_options={"schema_translate_map": {"auth": "employee"}})
    with refused("read"), employee.db.session() as session:  # which SQLAlchemy doesn't translate
        session.execute(select(LIGHT), execution_options={"schema_translate_map": {"wallet": "employee"}})


def test_another_translation_of_the_same_statement_is_looked_at_again(home: Home) -> None:
    """SQLAlchemy compiles it once for all translations."""
    statement = select(anywhere("elsewhere"))
    with wallet.db.session() as session:
        session.execute(statement, execution_options={"schema_translate_map": {"elsewhere": "wallet"}})
    with refused("read"), employee.db.session() as session:
        session.execute(select(Employee))  # so that the role is in force
        session.execute(statement, execution_options={"schema_translate_map": {"elsewhere": "wallet"}})
    with pytest.raises(BoundaryError, match=r"wallet may not read employee\.wallets"), wallet.db.session() as session:
        session.execute(statement, execution_options={"schema_translate_map": {"elsewhere": "wallet"}})
        session.execute(statement, execution_options={"schema_translate_map": {"elsewhere": "employee"}})


LOADING: dict[str, tuple[Any, ...]] = {
    "lazy": (),
    "joined": (joinedload(Member.purses),),
    "selectin": (selectinload(Member.purses),),
    "subquery": (subqueryload(Member.purses),),
}


@pytest.mark.parametrize("loading", LOADING)
def test_a_relationship_leads_nowhere(home: Home, loading: str) -> None:
    home.query(
        "INSERT INTO auth.users (id, email, password, first_name, last_name) VALUES"
        f" ('{ID}', 'a@b', '', '', ''); INSERT INTO organization.organizations (id, name, created_by) VALUES"
        f" ('{ID}', 'o', '{ID}'); INSERT INTO employee.employees (user_id, organization_id) VALUES ('{ID}', '{ID}')"
    )
    sent = watch(engines.place(employee.db.url).engine)

    with refused("read"), employee.db.session() as session:
        member = session.scalars(select(Member).options(*LOADING[loading])).one()
        assert loading == "lazy"
        assert member.purses

    assert not [statement for statement in sent.statements if "wallet.wallets" in statement]


def test_imperative_classes_are_held_too(home: Home) -> None:
    mapped = registry()

    class Mine:
        pass

    mapped.map_imperatively(Mine, Table("wallets", mapped.metadata, Column("id", Integer, primary_key=True),
                                        schema="wallet"))  # fmt: skip
    with refused("insert into") as caught, employee.db.session() as session:
        session.add(Mine())
        session.flush()
    assert "wallet" in str(caught.value)


DDL: dict[str, Any] = {
    "create": CreateTable(Table("mine", MetaData(), Column("id", Integer), schema="employee")),
    "references": CreateTable(Table("mine", MetaData(), Column("id", ForeignKey(WALLETS.c.id)), schema="employee")),
    "add a constraint": AddConstraint(next(iter(WALLETS.foreign_key_constraints))),
    "drop": DropTable(WALLETS),
    "drop its own": DropTable(EMPLOYEES),
}


@pytest.mark.parametrize("what", DDL)
def test_a_facade_changes_no_tables(home: Home, what: str) -> None:
    sent = watch(engines.place(employee.db.url).engine)

    with pytest.raises(BoundaryError, match=r"employee may not change tables: .* changed by migrations"):
        with employee.db.session() as session:
            session.execute(DDL[what])

    assert sent.statements == []


def test_a_table_of_no_service_is_refused_by_its_name(home: Home) -> None:
    with pytest.raises(BoundaryError, match=r"auth may not read nowhere\.at_all, which belongs to no service"):
        with auth.db.session() as session:
            session.execute(select(table("at_all", column("id"), schema="nowhere")))


@pytest.mark.filterwarnings("ignore:.*cartesian product")
def test_the_error_says_how_to_get_it(home: Home) -> None:
    with pytest.raises(BoundaryError) as caught, auth.db.session() as session:
        session.execute(select(User, compliance.AuditLog))

    assert str(caught.value) == (
        "auth may not read compliance.audit_logs, which belongs to the compliance service; ask the compliance service"
        " for it; for a report use unified.reader.session(), and to change both at once"
        " unified.transaction(auth, compliance)"
    )
