"""Small tables that are copied several in one transaction: what fails is named, and nothing is in twice or by half."""

import asyncio
from dataclasses import replace

import pytest
from odd_shapes import structure
from preflight_worlds import Make
from worlds import World, query, value

from payrollx_db.consolidate import pipeline
from payrollx_db.errors import FindingsError
from payrollx_db.model.events import Event, Notice, TableFinished, TableStarted

ROWS = (
    "SELECT (SELECT count(*) FROM app.booked), (SELECT count(*) FROM app.customers), (SELECT count(*) FROM app.orders)"
)
WRITERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query ~ '^COPY'"
)
READERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query ~ 'COPY'"
    " AND pid <> pg_backend_pid()"
)
# Of the sessions in a database those that have ended, which is when the server counts them.
SESSIONS = "SELECT s.sessions FROM pg_stat_database AS s WHERE s.datname = %s"
TRANSACTIONS = "SELECT count(DISTINCT xmin::text), count(*) FROM payrollx_meta.slices"


def test_what_does_not_fit_is_named_and_the_target_is_as_before(odd: World) -> None:
    query(odd.urls["old"], "INSERT INTO booked VALUES (99, '[5,6)', '[10,12)')")
    before = structure(odd.target)

    with pytest.raises(FindingsError) as caught:
        asyncio.run(pipeline.copy(replace(odd.task(), check_rows="never")))

    assert "booked" in " ".join(caught.value.details)
    assert [line for line in structure(odd.target) if line[1] != "app.broken"] == [
        line for line in before if line[1] != "app.broken"
    ]
    assert query(odd.target, ROWS) == [(0, 0, 0)]
    assert value(odd.target, "SELECT status FROM payrollx_meta.runs") == "undone"


def test_a_batch_that_was_cut_off_is_copied_again(odd: World) -> None:
    events: list[Event] = []
    begun: set[str] = set()

    def watch(event: Event) -> None:
        events.append(event)
        # In the middle of the batch, when some of its tables have their rows.
        if isinstance(event, TableStarted) and event.target == "app.tree" and event.target not in begun:
            begun.add(event.target)
            query(odd.target, WRITERS)

    report = asyncio.run(pipeline.copy(odd.task(observer=watch)))

    assert any(isinstance(event, Notice) and "small tables is tried again" in event.text for event in events)
    assert all(table.balanced for table in report.tables)
    finished = [event.target for event in events if isinstance(event, TableFinished)]
    assert len(finished) == len(set(finished)) == len(report.tables)
    assert query(odd.target, ROWS) == [(20, 40, 90)]


@pytest.mark.long
def test_a_source_that_ends_the_session_amid_the_rows_sends_them_again(make_world: Make) -> None:
    """More than the sockets hold, so that the server is still at work when the first table begins."""
    world = make_world()
    query(world.urls["old"], "ALTER TABLE things ALTER name SET STORAGE EXTERNAL")
    query(world.urls["old"], "INSERT INTO things SELECT n, repeat('x', 20000) FROM generate_series(1, 1000) AS n")
    events: list[Event] = []

    def watch(event: Event) -> None:
        if isinstance(event, TableStarted) and not any(isinstance(other, TableStarted) for other in events):
            query(world.urls["old"], READERS)
        events.append(event)

    asyncio.run(pipeline.copy(replace(world.task(observer=watch), small_tables=1_000_000_000)))

    assert any(isinstance(event, Notice) and "is tried again" in event.text for event in events)
    assert query(world.target, "SELECT count(*), sum(length(name)) FROM shop.things") == [(1000, 20_000_000)]
    assert world.verify().identical


def test_many_tables_share_a_transaction_and_keep_what_they_have(odd: World) -> None:
    odd.copy()

    ((transactions, slices),) = query(odd.target, TRANSACTIONS)
    assert slices == len(odd.catalog.services[0].tables)
    assert transactions < slices / 3


def test_small_tables_of_a_database_are_read_in_the_session_that_is_there(reading_world: World) -> None:
    name = reading_world.urls["payrollx_notification"].dbname
    before = value(reading_world.target, SESSIONS, (name,))

    reading_world.copy("notification", jobs=1)

    assert value(reading_world.target, SESSIONS, (name,)) == before + 1


@pytest.mark.long
def test_starting_anew_leaves_every_shape_as_it_was(odd: World) -> None:
    before = structure(odd.target)
    odd.copy()

    report = asyncio.run(pipeline.copy(odd.task(), restart=True))

    assert report.run.status == "done"
    # A broken index is whole once its table was truncated.
    assert [line for line in structure(odd.target) if line[1] != "app.broken"] == [
        line for line in before if line[1] != "app.broken"
    ]


GENERATED = "twice integer GENERATED ALWAYS AS (id * 2) STORED"


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        # Other columns lie between, and one of them is gone.
        ('name text, gone int, id integer PRIMARY KEY, "o%dd ""x" date', "(name, id) VALUES ('a', 1), (NULL, 2)"),
        # What is generated can't be sent by name, and a query sends it.
        (f"id integer PRIMARY KEY, name text, {GENERATED}", "(id, name) VALUES (1, 'a'), (2, NULL)"),
    ],
    ids=["plain", "generated"],
)
def test_rows_go_as_they_lie_in_the_columns_of_their_names(source: str, rows: str, make_world: Make) -> None:
    generated = "twice" in source
    shapes = {"id": "integer", "name": "text?", **({"twice": "integer?"} if generated else {'o%dd "x': "date?"})}
    target = "id integer PRIMARY KEY, {}, name text".format("twice integer" if generated else '"o%dd ""x" date')
    world = make_world(shapes, source=source, target=target)
    query(world.urls["old"], f"INSERT INTO things {rows}")
    if not generated:
        query(world.urls["old"], "ALTER TABLE things DROP COLUMN gone")

    (copied,) = world.plan().copies
    assert bool(copied.plain_columns) is not generated
    world.copy()

    assert query(world.target, "SELECT id, name FROM shop.things ORDER BY id") == [(1, "a"), (2, None)]
    assert world.verify().identical


TIMES = ("infinity", "-infinity", "4713-01-01 00:00:00 BC", "294276-12-31 23:59:59.999999", "2024-03-31 02:30:00.5")


def test_what_has_the_same_bytes_is_sent_without_a_cast(make_world: Make) -> None:
    world = make_world(
        {"id": "integer", "at": "timestamp?", "mood": "mood?", "label": "mood?"},
        source="id integer PRIMARY KEY, at timestamp, mood mood, label mood",
        target="id integer PRIMARY KEY, at timestamptz, mood mood, label varchar(5)",
        options=("ENCODING LATIN1 LOCALE 'C'", "ENCODING UTF8"),
        before="CREATE TYPE mood AS ENUM ('sad', 'schön')",
    )
    query(world.target, "ALTER TYPE mood ADD VALUE 'other' BEFORE 'sad'")
    rows = [(number, at, ("schön", "sad", None)[number % 3]) for number, at in enumerate((*TIMES, None))]
    for number, at, label in rows:
        query(world.urls["old"], "INSERT INTO things VALUES (%s, %s, %s, %s)", (number, at, label, label))

    (copied,) = world.plan().copies
    assert copied.plain_columns
    world.copy()

    given = "SELECT id, (at AT TIME ZONE 'UTC')::text, mood::text, label FROM shop.things ORDER BY id"
    assert query(world.target, given) == [(number, at, label, label) for number, at, label in rows]
    assert world.verify().identical
