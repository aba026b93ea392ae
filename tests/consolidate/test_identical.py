"""What would make verify say identical, though the target shows other rows than the sources: none of it may."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from conftest import TestServer, unique
from structure_worlds import NAMES, BrokenDepot
from worlds import World

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.pipeline import Verdict
from payrollx_db.model.events import Event, TableFinished, TableStarted
from payrollx_db.postgres.url import DatabaseUrl


@contextmanager
def broken(depot: BrokenDepot, statement: str, undo: str) -> Iterator[Verdict]:
    depot.break_(statement)
    try:
        yield depot.world.verify()
    finally:
        depot.break_(undo)


def test_rows_of_a_table_that_inherits(broken_depot: BrokenDepot) -> None:
    statement = "CREATE TABLE depot.more () INHERITS (depot.levels); INSERT INTO depot.more VALUES (99, 'more')"
    with broken(broken_depot, statement, "DROP TABLE depot.more") as verdict:
        assert [(finding.code, finding.place) for finding in verdict.uncovered] == [("uncovered-rows", "depot.more")]
        assert not verdict.rows_identical


def test_a_table_that_nothing_fills_is_said_not_to_be_compared(broken_depot: BrokenDepot) -> None:
    statement = "CREATE TABLE depot.own (id integer); INSERT INTO depot.own VALUES (1); CREATE TABLE depot.void (x int)"
    with broken(broken_depot, statement, "DROP TABLE depot.own, depot.void") as verdict:
        assert [(finding.code, finding.place) for finding in verdict.uncovered] == [("not-compared", "depot.own")]
        assert verdict.identical


def test_two_tables_that_have_changed_places(broken_depot: BrokenDepot) -> None:
    swap = (
        "ALTER TABLE depot.always RENAME TO third; ALTER TABLE depot.countdowns RENAME TO always;"
        " ALTER TABLE depot.third RENAME TO countdowns"
    )
    with broken(broken_depot, swap, swap) as verdict:
        differing = {table.table.target_name for table in verdict.tables if not table.identical}
        assert differing == {"depot.always", "depot.countdowns"}


def test_an_index_that_lacks_a_row(broken_depot: BrokenDepot) -> None:
    """A scan of that index would not show the row that the source hasn't."""
    blind = "UPDATE pg_index SET indisready = {0}, indisvalid = {0} WHERE indexrelid = 'depot.blind'::regclass;"
    depot = broken_depot
    depot.break_("CREATE INDEX blind ON depot.texts (id, title);" + blind.format("false"))
    depot.break_("INSERT INTO depot.texts VALUES ('unseen', 'x')")
    depot.break_(blind.format("true") + f'ALTER DATABASE "{depot.world.target.dbname}" SET enable_seqscan = off')
    undo = (
        f'ALTER DATABASE "{depot.world.target.dbname}" RESET ALL; SET enable_seqscan = on;'
        " SET enable_indexscan = off; SET enable_bitmapscan = off; DELETE FROM depot.texts WHERE id = 'unseen'"
    )

    with broken(depot, "VACUUM depot.texts", f"{undo}; DROP INDEX depot.blind") as verdict:
        (texts,) = [table for table in verdict.tables if table.table.target_name == "depot.texts"]
        assert (texts.result.right_rows, texts.result.extra) == (2, 1)


def test_a_verification_that_was_cut_off_goes_on(broken_depot: BrokenDepot) -> None:
    world = broken_depot.world
    done: list[str] = []

    def cut_off(event: Event) -> None:
        if isinstance(event, TableFinished):
            if len(done) == 4:
                raise InterruptedError
            done.append(event.target)

    with pytest.raises(InterruptedError):
        asyncio.run(pipeline.verify(world.task(jobs=1, observer=cut_off)))
    events: list[Event] = []
    verdict = asyncio.run(pipeline.verify(world.task(observer=events.append)))
    again: list[Event] = []
    asyncio.run(pipeline.verify(world.task(observer=again.append)))

    started = {event.target for event in events if isinstance(event, TableStarted)}
    kept = {table.table.target_name for table in verdict.tables} - started
    assert kept == set(done)
    assert any("4 of 10 table pairs were found identical" in str(event) for event in events)
    assert verdict.identical
    assert all(table.result.left_rows for table in verdict.tables)
    assert len([event for event in again if isinstance(event, TableStarted)]) == len(verdict.tables)


@pytest.mark.parametrize("name", ["depot.levels", "public.levels", "olddepot.public.levels"])
def test_one_table_alone(broken_depot: BrokenDepot, name: str) -> None:
    broken_depot.break_("DELETE FROM depot.texts")
    try:
        verdict = broken_depot.world.verify(tables=[name])
    finally:
        broken_depot.break_("INSERT INTO depot.texts VALUES ('t1', 'a')")

    assert [table.table.target_name for table in verdict.tables] == ["depot.levels"]
    assert verdict.structure is not None
    assert (verdict.identical, verdict.structure.tables) == (True, 1)


def test_a_table_that_the_plan_has_not(broken_depot: BrokenDepot) -> None:
    done = broken_depot.world.command("verify", "--table", "depot.level", env=NAMES)

    assert done.returncode == 2
    assert "did you mean depot.levels?" in done.stderr


def test_a_role_with_no_right_to_the_records(broken_depot: BrokenDepot) -> None:
    """It compares the rows all the same, and says what it could not compare."""
    role, target = unique("reader"), broken_depot.world.target
    broken_depot.break_(
        f"CREATE ROLE {role} LOGIN PASSWORD 'made up'; GRANT USAGE ON SCHEMA depot, payrollx_meta TO {role};"
        f" GRANT SELECT ON ALL TABLES IN SCHEMA depot, payrollx_meta TO {role};"
        f" REVOKE ALL ON payrollx_meta.structures, payrollx_meta.verified_so_far FROM {role};"
        " CREATE TABLE depot.secret (x integer); INSERT INTO depot.secret VALUES (1);"
        f" CREATE TABLE depot.hidden (x integer); GRANT SELECT ON depot.hidden TO {role};"
        " INSERT INTO depot.hidden VALUES (1); ALTER TABLE depot.hidden ENABLE ROW LEVEL SECURITY"
    )
    try:
        world = replace(broken_depot.world, target=DatabaseUrl({**target.params, "user": role, "password": "made up"}))
        verdict = world.verify()
    finally:
        broken_depot.break_(f"DROP TABLE depot.secret, depot.hidden; DROP OWNED BY {role}; DROP ROLE {role}")

    assert verdict.rows_identical
    assert verdict.structure is not None
    assert {finding.code for finding in verdict.structure.findings} == {"structure-unknown", "sequence-unread"}


def test_a_table_with_a_percent_sign_and_one_that_is_inherited_from_are_copied_again(
    server: TestServer, depot: World
) -> None:
    target = server.create_database(unique("again"), depot.target.dbname)
    world = replace(depot, target=target, events=[])

    report = asyncio.run(pipeline.copy(world.task(), restart=True))

    assert report.run.status == "done"
    assert world.verify().identical
    server.drop_database(target.dbname)
