"""What people have put beside a service's tables: a restore brings it back, or says what it couldn't."""

import os
from collections.abc import Iterator

import pytest
from backups import USERS, Archive
from worlds import value

from payrollx_db.errors import StateConflictError

AS_OWNER = "SET ROLE payrollx_owner; "


def yes(_: tuple[str, ...]) -> bool:
    """Bring whatever it is."""
    return True


@pytest.fixture
def role(archive: Archive) -> Iterator[str]:
    """A role of nobody's, as SQL writes it: its name needs quotes."""
    name = f'"Reporting {os.urandom(4).hex()}"'
    archive.run(f"CREATE ROLE {name}")
    yield name
    archive.run(f"DROP OWNED BY {name}; DROP ROLE {name}")


@pytest.mark.long
def test_grants_to_further_roles_are_named(archive: Archive, role: str) -> None:
    function = "wallet.doubled(integer)"
    archive.run(f"{AS_OWNER} CREATE FUNCTION {function} RETURNS integer LANGUAGE sql RETURN 2 * $1;"
                f" REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {function} TO {role};"
                f" GRANT SELECT (provider), DELETE ON wallet.wallets TO {role};"
                " GRANT SELECT ON wallet.wallets TO PUBLIC")  # fmt: skip
    (made,) = archive.backup("wallet")
    archive.run(f"GRANT SELECT ON wallet.wallet_transactions TO {role}")  # since then

    lost = archive.restore(made, accept=yes).ungranted

    assert lost == (
        f"GRANT EXECUTE ON ROUTINE {function} TO {role}",
        f"GRANT SELECT ON TABLE wallet.wallet_transactions TO {role}",
        "GRANT SELECT ON TABLE wallet.wallets TO PUBLIC",
        f"GRANT DELETE, SELECT (provider) ON TABLE wallet.wallets TO {role}",
    )
    archive.run("; ".join(lost))
    assert archive.restore(archive.backup("wallet")[0], accept=yes).ungranted == lost


@pytest.mark.long
def test_what_was_published_is_named(archive: Archive) -> None:
    archive.run('CREATE PUBLICATION "Every one" FOR TABLE auth.users, wallet.wallets;'
                " CREATE PUBLICATION all_of_it FOR ALL TABLES")  # fmt: skip
    (made,) = archive.backup("auth")

    done = archive.restore(made)

    assert done.unpublished == ('ALTER PUBLICATION "Every one" ADD TABLE "auth"."users"',)
    assert done.document()["unpublished"] == list(done.unpublished)
    archive.run(done.unpublished[0])
    _, _, err = archive.command("restore", "auth", "--yes")
    assert f"  {done.unpublished[0]}\n" in err


def test_materialized_views_are_filled_again(archive: Archive) -> None:
    """Also one that only a primary key makes possible, which is therefore made after the rows."""
    archive.run(f"{AS_OWNER} CREATE MATERIALIZED VIEW wallet.counted AS SELECT count(*) AS n FROM wallet.wallets;"
                " CREATE MATERIALIZED VIEW wallet.grouped AS SELECT id, provider FROM wallet.wallets GROUP BY id;"
                " CREATE VIEW wallet.grouped_now AS SELECT id, provider FROM wallet.wallets GROUP BY id;"
                " COMMENT ON COLUMN wallet.grouped.provider IS 'whose'")  # fmt: skip

    archive.restore(archive.backup("wallet")[0], accept=yes)

    assert value(archive.url, "SELECT n FROM wallet.counted") == USERS
    for view in ("grouped", "grouped_now"):
        assert value(archive.url, f"SELECT count(*) FROM wallet.{view}") == USERS
    assert value(archive.url, "SELECT col_description('wallet.grouped'::regclass, 2)") == "whose"


OBJECTS = (
    "TYPE wallet.pair AS (first wallet.wallets, second integer)",
    "FUNCTION wallet.everything() RETURNS SETOF wallet.wallets LANGUAGE sql AS 'SELECT * FROM wallet.wallets'",
    "FUNCTION wallet.paired(wallet.pair) RETURNS integer LANGUAGE sql AS 'SELECT $1.second'",
    "AGGREGATE wallet.added(integer) (SFUNC = int4pl, STYPE = integer)",
    "VIEW wallet.seen AS SELECT id, wallet.added(1) AS n FROM wallet.everything() GROUP BY id",
    "PROCEDURE wallet.nothing(wallet.seen) LANGUAGE sql AS 'SELECT'",
)


def test_what_holds_a_table_up_from_inside_goes_and_comes_with_it(archive: Archive) -> None:
    archive.run(AS_OWNER + "; ".join(f"CREATE {made}" for made in OBJECTS))
    (made,) = archive.backup("wallet")

    archive.restore(made, accept=yes)

    assert value(archive.url, "SELECT sum(n) FROM wallet.seen") == USERS
    assert value(archive.url, "SELECT wallet.paired(ROW(NULL, 7)::wallet.pair)") == 7
    archive.drop("wallet", archive.backup("wallet")[0], loosen=True)
    assert value(archive.url, "SELECT count(*) FROM pg_namespace WHERE nspname = 'wallet'") == 0


def test_what_holds_it_up_from_outside_is_named(archive: Archive) -> None:
    archive.run(AS_OWNER + "; ".join(f"CREATE {made}" for made in OBJECTS))
    archive.run(f"CREATE {OBJECTS[1]}".replace("wallet.everything", "public.all_wallets"))
    (made,) = archive.backup("wallet")

    with pytest.raises(StateConflictError, match="something outside depends") as caught:
        archive.restore(made, accept=yes)

    assert caught.value.details == ("function public.all_wallets() depends on type wallet.wallets",)
    assert value(archive.url, "SELECT sum(n) FROM wallet.seen") == USERS
