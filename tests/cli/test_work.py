"""How far a stage is in all, as the events tell it."""

from payrollx_db.cli.work import Work, duration
from payrollx_db.model.events import TableFinished, TableProgress, WorkStarted


def test_a_copy_is_as_far_as_its_rows() -> None:
    work = Work()
    work.see(WorkStarted("copy", 2, 1000, 8_000_000), 100.0)

    work.see(TableFinished("a.b.one", "b.one", 200, 15_000_000, 4.0), 104.0)
    work.see(TableProgress("a.b.two", "b.two", 50, 5_000_000), 105.0)

    assert work.summary(105.0) == "copy: 1 of 2 table pairs, 250 rows, 25%, 4 MB/s, 0:05 so far, about 0:15 left"


def test_a_verification_is_as_far_as_the_bytes_of_whole_tables() -> None:
    work = Work()
    work.see(WorkStarted("verify", 3, 0, 100), 0.0)

    work.see(TableFinished("a.b.one", "b.one", 7, 50, 1.0), 10.0)

    assert (work.share, work.left(10.0)) == (0.5, 10.0)
    assert work.left(1.0) is None  # too early to tell


def test_nothing_is_left_when_all_tables_are_done() -> None:
    work = Work()
    work.see(WorkStarted("verify", 1, 10, 100), 0.0)
    work.see(TableFinished("a.b.one", "b.one", 3, 30, 1.0), 5.0)

    assert (work.share, work.left(5.0)) == (1.0, 0.0)
    assert "1 of 1 table pairs" in work.summary(5.0)


def test_durations() -> None:
    assert [duration(seconds) for seconds in (0.4, 65, 7389)] == ["0:00", "1:05", "2:03:09"]
