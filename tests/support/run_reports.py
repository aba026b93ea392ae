"""Worlds with a proven run, their reports, and a strict reader of pages."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from worlds import World

from payrollx_db.report import check, checksum, loader
from payrollx_db.report.page import page

VOID = {"meta", "link", "br", "img", "hr", "input"}


@pytest.fixture(scope="session")
def verified(server: Any, legacy_to_read: Any, migrated_template: str) -> Iterator[World]:
    """A finished copy, verified, for tests that change nothing; the others work on clones of its target."""
    name = f"{migrated_template}_proven"
    # As large tables are, so that indexes and keys are dropped and built.
    world = World(legacy_to_read.urls, server.create_database(name, migrated_template), small_tables=0)
    world.copy()
    assert world.verify().identical
    yield world
    server.forget_database(name)


@pytest.fixture
def changed(server: Any, verified: World) -> Iterator[World]:
    """The same, for a test that changes the target."""
    name = f"{verified.target.dbname}_changed"
    yield replace(verified, target=server.create_database(name, verified.target.dbname), events=[])
    server.drop_database(name)


def document_of(world: World, run: int | None = None) -> dict[str, Any]:
    return checksum.sealed(asyncio.run(loader.read(world.task().target, run)))


def written(world: World, folder: Path) -> Path:
    """Write the world's report as a page."""
    file = folder / "report.html"
    file.write_text(page(document_of(world)), encoding="utf-8")
    return file


def checked(world: World, file: Path) -> check.Checked:
    return asyncio.run(check.check(file, world.task().target, world.events.append))


def edit_number(text: str) -> str:
    return text.replace("<dd>0</dd>", "<dd>1</dd>", 1)


class Page(HTMLParser):
    """Reads a page, insisting that every element is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)

    @property
    def text(self) -> str:
        return " ".join(self.words)
