"""Python source as a formatter would leave it: literals, calls that fit a line or are laid out, sorted imports."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

WIDTH = 120
INDENT = "    "
PIECE = 100  # of a long text, which goes over several lines

FIRST, LAST = "(", ")"


@dataclass(frozen=True)
class Raw:
    """Source that stands as it is, on one line."""

    text: str


@dataclass(frozen=True)
class Group:
    """What stands between brackets: a call, a tuple, a list or a dict. ``head`` comes before the opening bracket."""

    head: str
    items: Sequence["Item"]
    brackets: tuple[str, str] = (FIRST, LAST)

    @property
    def flat(self) -> str:
        """It on one line."""
        opening, closing = self.brackets
        alone = "," if self.head == "" and opening == "(" and len(self.items) == 1 else ""
        return f"{self.head}{opening}{', '.join(item.flat for item in self.items)}{alone}{closing}"


@dataclass(frozen=True)
class Named:
    """A keyword with its value, or, with ``: `` between them, an entry of a dict."""

    name: str
    value: "Item"
    between: str = "="

    @property
    def flat(self) -> str:
        """It on one line."""
        return f"{self.name}{self.between}{self.value.flat}"


@dataclass(frozen=True)
class Text:
    """A text. A long one may go over several lines."""

    text: str

    @property
    def flat(self) -> str:
        """It on one line."""
        return quoted(self.text)

    def pieces(self) -> list[str]:
        """Return it in pieces that fit a line, broken behind spaces."""
        pieces, current = [], ""
        for word in self.text.split(" "):
            longer = f"{current} {word}" if current else word
            if len(longer) > PIECE and current:
                pieces.append(f"{current} ")
                longer = word
            current = longer
        return [quoted(piece) for piece in (*pieces, current) if piece]


@dataclass(frozen=True)
class Code:
    """A name, a number or other source, on one line."""

    flat: str


Item = Group | Named | Text | Code


def quoted(text: str) -> str:
    """Return the literal of a text, in the quotes that need fewer backslashes."""
    mark = "'" if text.count('"') > text.count("'") else '"'
    escapes = {"\\": "\\\\", mark: f"\\{mark}", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    inside = "".join(
        escapes.get(letter) or (letter if letter.isprintable() else letter.encode("unicode_escape").decode())
        for letter in text
    )
    return f"{mark}{inside}{mark}"


def call(head: str, *items: Item, **named: Item | None) -> Group:
    """Return a call; keywords without a value are left out."""
    keywords = [Named(name, value) for name, value in named.items() if value is not None]
    return Group(head, [*items, *keywords])


def sequence(items: Iterable[Item], brackets: tuple[str, str] = ("[", "]")) -> Group:
    """Return a list, or a tuple where the brackets are round."""
    return Group("", list(items), brackets)


def texts(names: Iterable[str]) -> list[Item]:
    """Return each name as a text."""
    return [Text(name) for name in names]


def mapping(entries: dict[str, Item]) -> Group:
    """Return a dict of texts to values."""
    return Group("", [Named(quoted(name), value, ": ") for name, value in entries.items()], ("{", "}"))


def lay_out(before: str, item: Item, *, indent: str = "", after: str = "") -> list[str]:
    """Return the lines of ``before`` and the item: one line where it fits, else brackets opened up."""
    line = f"{indent}{before}{item.flat}{after}"
    if len(line) <= WIDTH:
        return [line]
    if isinstance(item, Named):
        return lay_out(f"{before}{item.name}{item.between}", item.value, indent=indent, after=after)
    if isinstance(item, Text):
        return _long_text(before, item, indent, after)
    if isinstance(item, Code) or not item.items:
        return [line]
    opening, closing = item.brackets
    inner = indent + INDENT
    lines = [f"{indent}{before}{item.head}{opening}"]
    together = f"{inner}{', '.join(part.flat for part in item.items)}"
    if len(together) <= WIDTH and item.head and opening == "(":
        lines.append(together)
    else:
        alone = len(item.items) == 1 and isinstance(item.items[0], Text) and opening == "(" and bool(item.head)
        for part in item.items:
            lines += (
                _long_text("", part, inner, "")
                if alone and isinstance(part, Text)
                else lay_out("", part, indent=inner, after=",")
            )
    return [*lines, f"{indent}{closing}{after}"]


def _long_text(before: str, text: Text, indent: str, after: str) -> list[str]:
    pieces = text.pieces()
    if before:  # a value of a name stands in brackets of its own
        return [f"{indent}{before}(", *(f"{indent}{INDENT}{piece}" for piece in pieces), f"{indent}){after}"]
    return [*(f"{indent}{piece}" for piece in pieces[:-1]), f"{indent}{pieces[-1]}{after}"]


@dataclass
class Imports:
    """What a module imports, as it is asked for."""

    own: str
    modules: set[str] = field(default_factory=set)
    names: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def module(self, name: str) -> None:
        """Import a module by its name."""
        self.modules.add(name)

    def name(self, module: str, name: str) -> str:
        """Import a name, and return it."""
        self.names[module].add(name)
        return name

    def lines(self) -> list[str]:
        """Return the statements, in groups with an empty line between them."""
        groups: list[list[str]] = []
        for rank in range(3):
            plain = [f"import {name}" for name in sorted(self.modules) if self._rank(name) == rank]
            named = [
                line
                for module in sorted(self.names)
                if self._rank(module) == rank and self.names[module]
                for line in _from(module, self.names[module])
            ]
            groups.append([*plain, *named])
        return [line for group in groups if group for line in ("", *group)][1:]

    def _rank(self, module: str) -> int:
        root = module.partition(".")[0]
        return 0 if root in sys.stdlib_module_names else 2 if root == self.own else 1


def _from(module: str, names: Iterable[str]) -> list[str]:
    ordered = [Code(name) for name in sorted(names, key=_import_order)]
    flat = f"from {module} import {', '.join(name.flat for name in ordered)}"
    if len(flat) <= WIDTH:
        return [flat]
    return [f"from {module} import (", *(f"{INDENT}{name.flat}," for name in ordered), ")"]


def _import_order(name: str) -> tuple[int, str, str]:
    """Constants come first, then classes, then the rest, as isort has it."""
    rank = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return (rank, name.lower(), name)
