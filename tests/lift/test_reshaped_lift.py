"""The whole way with a reshape in it: schema over, reshaped, copied into the new shapes, and verified."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Done, call
from conftest import TestServer, unique
from reshape_worlds import ReshapeWorld, make_sources, write_lift
from worlds import query

from payrollx_db.lift import catalog, project


def run(world: ReshapeWorld, *arguments: str) -> Done:
    """Run a command on the world, and expect that it goes well."""
    given = {f"LEGACY_{name.upper()}_DATABASE_URL": url.plain for name, url in world.sources.items()}
    env = {"PATH": os.environ["PATH"], "DATABASE_URL": world.target.plain, **given}
    done = call(arguments, env, world.folder)
    assert done.returncode == 0, done.stderr + done.stdout
    return done


def expect_that_a_copy_waits_for_the_reshape(world: ReshapeWorld) -> None:
    """What is taken and not applied is no change of the sources, and the way out is another."""
    with pytest.raises(AssertionError, match=r"hint: .*payrollx-db lift reshape --apply"):
        run(world, "copy", "--lift", "lift.toml")


@pytest.fixture(scope="module")
def lifted(server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReshapeWorld]:
    """Two sources, lifted and wholly reshaped, with all that was suggested."""
    folder: Path = tmp_path_factory.mktemp("reshaped")
    target = server.create_database(unique("reshaped"))
    sources = make_sources(server)
    write_lift(folder, sources)
    world = ReshapeWorld(folder, sources, target)
    run(world, "lift", "plan")
    run(world, "lift", "schema")
    run(world, "lift", "reshape")
    world.take()
    world.replace('column = "id", enforced = false', 'column = "id", enforced = true')
    expect_that_a_copy_waits_for_the_reshape(world)
    run(world, "lift", "reshape", "--apply")
    yield world
    for url in (target, *sources.values()):
        server.drop_database(url.dbname)


def test_rows_go_into_the_new_shapes_and_both_sides_are_identical(lifted: ReshapeWorld) -> None:
    run(lifted, "copy", "--lift", "lift.toml", "--policy", "orphan=quarantine")
    verified = run(lifted, "verify", "--lift", "lift.toml")
    assert "identical" in verified.stdout
    assert query(lifted.target, 'SELECT count(*) FROM auth."user" AS u JOIN pay.wallet AS w ON w.user_id = u.id') == [
        (60,)
    ]
    (kinds,) = query(lifted.target, 'SELECT pg_typeof(id)::text, pg_typeof(created_at)::text FROM auth."user" LIMIT 1')
    assert kinds == ("uuid", "timestamp with time zone")


def test_the_catalog_has_the_references_between_services(lifted: ReshapeWorld) -> None:
    references = {str(one) for one in catalog.load(project.read(lifted.folder / "lift.toml").path).catalog.references}
    assert references == {
        "auth.session.owner_id -> auth.user.id",
        "pay.payment.wallet_id -> pay.wallet.id",
        "pay.payment.payer_id -> auth.user.id",
        "pay.payment.approved_by -> auth.user.id",
        "pay.wallet.user_id -> auth.user.id",
    }


SERVICE = '''
from decimal import Decimal

from sqlalchemy import func, select

from reshaped import auth, pay


def pay_in(email: str, amount: Decimal) -> tuple[str, int]:
    """Pay into the wallet of a user, and return its kind and how many payments it has now."""
    with auth.db.session() as session:
        user = session.scalars(select(auth.User).filter_by(email=email)).one()
    with pay.db.session() as session:
        wallet = session.scalars(select(pay.Wallet).filter_by(user_id=user.id)).first()
        wallet.payments.append(pay.Payment(amount=amount, payer_id=user.id))
        session.flush()
        counted = session.scalar(select(func.count()).select_from(pay.Payment).filter_by(wallet_id=wallet.id))
        kind = wallet.kind.name
        session.rollback()
    return kind, counted


print(*pay_in("person30@secret.example", Decimal("12.50")))
'''


@pytest.mark.long
def test_a_draft_of_the_new_shapes_is_a_project_that_works(lifted: ReshapeWorld, server: TestServer) -> None:
    """What was taken is in the models; the project's own tests run, nothing differs, and a service works at once."""
    run(lifted, "copy", "--lift", "lift.toml", "--policy", "orphan=quarantine")
    run(lifted, "draft", "--dir", "mine", "--package", "reshaped", "--lift", "lift.toml")
    folder = lifted.folder / "mine"
    environment = {"DATABASE_URL": lifted.target.plain, "PAYROLLX_CATALOG": "reshaped.catalog:CATALOG"}
    for arguments in (("migrate", "--adopt"), ("migrate", "--check")):
        done = call(arguments, environment, folder)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    checked = python(folder, environment, "-m", "alembic", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tested = python(folder, {}, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--database-url", server.url.plain)
    assert tested.returncode == 0, tested.stdout
    (folder / "pay_in.py").write_text(SERVICE, "utf-8")
    done = python(folder, environment, "pay_in.py")
    assert (done.stdout, done.stderr) == ("HOT 2\n", "")
    run(lifted, "verify", "--lift", "lift.toml")


def python(folder: Path, environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run Python in the project's folder."""
    given = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=given, capture_output=True, text=True, check=False
    )
