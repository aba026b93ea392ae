"""Database URLs as people have them, and the password that nobody may see."""

from urllib.parse import quote

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

from payrollx_db.errors import ConfigurationError
from payrollx_db.postgres.url import DatabaseUrl

ODD = (
    "p@ss",
    "per%cent",
    "co:lon",
    "sl/ash",
    "qu?estion",
    "ha#sh",
    "sp ace",
    "ünïcode",
    "a&b=c",
    "back\\slash",
    "it's",
)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+pg8000", "POSTGRESQL"])
def test_the_schemes_that_are_accepted(scheme: str) -> None:
    url = DatabaseUrl.parse(f"{scheme}://me:secret@db.example:5433/payroll")

    assert dict(url.params) == {
        "user": "me",
        "password": "secret",
        "host": "db.example",
        "port": "5433",
        "dbname": "payroll",
    }
    assert url.driver == (scheme.partition("+")[2] or None)


@pytest.mark.parametrize("text", ["", "payroll", "mysql://a:secret@b/c", "host=db password=secret", "://secret"])
def test_what_is_no_url(text: str) -> None:
    with pytest.raises(ConfigurationError, match="AUTH_DATABASE_URL is no Postgres URL") as caught:
        DatabaseUrl.parse(text, name="AUTH_DATABASE_URL")
    assert "secret" not in str(caught.value)


def test_prismas_parameters() -> None:
    url = DatabaseUrl.parse(
        "postgresql://u:p@h:5432/payrollx_auth?schema=sales&connection_limit=5&pgbouncer=true&sslaccept=strict"
        "&pool_timeout=3&socket_timeout=1&statement_cache_size=0&sslmode=require&application_name=x"
    )

    assert url.schema == "sales"
    assert set(url.params) == {"user", "password", "host", "port", "dbname", "sslmode", "application_name"}
    assert DatabaseUrl.parse("postgresql://h/d?schema=").schema is None


def test_a_parameter_that_nobody_knows() -> None:
    with pytest.raises(ConfigurationError, match='"colour"') as caught:
        DatabaseUrl.parse("postgresql://u:secret@h/d?colour=secret")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("password", ODD)
def test_the_password_is_out_of_sight_and_comes_back_whole(password: str) -> None:
    url = DatabaseUrl.parse(f"postgresql://me:{quote(password, safe='')}@h:1/d")

    assert url.params["password"] == password
    assert str(url) == "postgresql://me:***@h:1/d"
    for shown in (str(url), repr(url), url.masked, f"{url}", repr([url]), repr({"url": url})):
        assert password not in shown
        assert quote(password, safe="") not in shown
    for text in (url.plain, url.sqlalchemy()):
        assert DatabaseUrl.parse(text).params == url.params
    assert make_url(url.sqlalchemy()).password == password
    assert conninfo_to_dict(url.conninfo())["password"] == password
    assert conninfo_to_dict(url.plain)["password"] == password


@pytest.mark.parametrize("password", [*ODD, "a@b@c", "%zz", "sec:ret/@", "[x", "sec@h:x/y?z"])
def test_a_raw_password_is_read_or_refused_but_never_shown(password: str) -> None:
    """People paste passwords as they are. Where that can't be read, the error must not quote it."""
    try:
        url = DatabaseUrl.parse(f"postgresql://me:{password}@db.example:5432/payroll")
    except ConfigurationError as error:
        shown = [str(error), repr(error), error.hint, *error.details, str(error.__cause__ or "")]
    else:
        shown = [str(url), repr(url)]
    for part in (password, *(p for p in password.replace("/", "@").replace("?", "@").split("@") if len(p) > 2)):
        assert all(part not in text for text in shown), shown


def test_the_parts_that_may_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGUSER", "you")
    assert DatabaseUrl.parse("postgresql://me@h").dbname == "me"
    assert DatabaseUrl.parse("postgresql://h").dbname == "you"
    monkeypatch.setenv("PGDATABASE", "ours")
    assert DatabaseUrl.parse("postgresql://me@h").dbname == "ours"
    assert DatabaseUrl.parse("postgresql://me@h/d").dbname == "d"
    assert DatabaseUrl.parse("postgresql://me@h?service=there").dbname == "", "the file may name it"
    assert DatabaseUrl.parse("postgresql:///d").masked == "postgresql:///d"


@pytest.mark.parametrize(
    ("text", "host", "port", "masked"),
    [
        ("postgresql://u:x@[::1]:5433/d", "::1", "5433", "postgresql://u:***@[::1]:5433/d"),
        ("postgresql://u:x@a:1,b:2/d", "a,b", "1,2", "postgresql://u:***@a:1,b:2/d"),
        ("postgresql://u:x@%2Fvar%2Frun/d", "/var/run", None, "postgresql://u:***@%2Fvar%2Frun/d"),
        ("postgresql://u:x@/d?host=/var/run&port=6543", "/var/run", "6543", "postgresql://u:***@%2Fvar%2Frun:6543/d"),
    ],
    ids=["ipv6", "several hosts", "socket", "socket as a parameter"],
)
def test_places(text: str, host: str, port: str | None, masked: str) -> None:
    url = DatabaseUrl.parse(text)

    assert (url.params["host"], url.params.get("port")) == (host, port)
    assert url.masked == masked
    again = DatabaseUrl.parse(url.plain)
    assert (again.params["host"], again.params.get("port", "5432")) == (host, port or "5432")
    assert conninfo_to_dict(url.plain)["host"] == host


def test_another_database_on_the_same_server() -> None:
    url = DatabaseUrl.parse("postgresql+pg8000://me:secret@h:1/d?schema=s&sslmode=require")
    other = url.with_database("odd name/")

    assert other.params == {**url.params, "dbname": "odd name/"}
    assert (other.schema, other.driver) == (url.schema, url.driver)
    assert other.masked == "postgresql://me:***@h:1/odd%20name%2F"
    assert DatabaseUrl.parse(other.plain).dbname == "odd name/"
    assert make_url(url.sqlalchemy("pg8000")).drivername == "postgresql+pg8000"
