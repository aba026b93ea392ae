"""Reading ahead: in order, some of it before it is asked for, and closed whatever happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event

import pytest
from watchers import eventually

from payrollx_db.lift.schema.ahead import AHEAD, reading_ahead


class Books:
    """Things to read: which were opened and closed."""

    def __init__(self) -> None:
        self.opened: list[int] = []
        self.closed: list[int] = []

    @contextmanager
    def read(self, number: int) -> Iterator[int]:
        if number == 13:
            raise LookupError(number)
        self.opened.append(number)
        try:
            yield number
        finally:
            self.closed.append(number)


def test_everything_is_read_in_its_order_and_closed_in_its_turn() -> None:
    books = Books()
    seen = []
    with reading_ahead([partial(books.read, number) for number in range(9)], Event()) as waiting:
        for each in waiting:
            with each as number:
                assert number not in books.closed
                assert max(books.opened) <= number + AHEAD
                seen.append(number)
            assert books.closed == seen
    assert seen == list(range(9))


def test_the_next_are_opened_while_one_is_worked_with() -> None:
    books = Books()
    with reading_ahead([partial(books.read, number) for number in range(9)], Event()) as waiting, next(waiting):
        eventually(lambda: len(books.opened) > AHEAD, "the next ones")
        assert sorted(books.opened) == list(range(AHEAD + 1))
    assert sorted(books.closed) == sorted(books.opened)


def test_what_one_raises_is_raised_in_its_turn_and_gives_the_rest_up() -> None:
    books, given_up = Books(), Event()
    seen = []
    with (
        pytest.raises(LookupError),
        reading_ahead([partial(books.read, n) for n in (1, 2, 13, 4, 5)], given_up) as waiting,
    ):
        for each in waiting:
            with each as number:
                seen.append(number)
    assert seen == [1, 2]
    assert given_up.is_set()
    assert sorted(books.closed) == sorted(books.opened)
