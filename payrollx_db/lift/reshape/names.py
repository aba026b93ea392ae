"""Names in snake_case, and which of them can't be had."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

LONGEST = 63  # bytes; the server cuts what is longer without a word

# What a migration tool keeps its books in: it looks for them under these names.
BOOKKEEPING = frozenset({
    "_prisma_migrations", "schema_migrations", "ar_internal_metadata", "alembic_version", "django_migrations",
    "flyway_schema_history", "databasechangelog", "databasechangeloglock", "knex_migrations", "knex_migrations_lock",
    "SequelizeMeta", "goose_db_version", "__drizzle_migrations", "typeorm_metadata", "__EFMigrationsHistory",
})  # fmt: skip


def snake_case(name: str) -> str:
    """Return ``name`` in snake_case: ``keyShareIDs`` → ``key_share_ids``, ``Order Details`` → ``order_details``.

    Empty where nothing of it can be in an identifier. A name that needs no quotes as it is stays.
    """
    if re.fullmatch(r"[^\W\d]\w*", name) and name == name.lower():
        return name
    # Endings of a plural after an acronym belong to it: IDs, URLs.
    text = re.sub(r"([A-Z]{2,})s(?![a-z])", lambda match: f"{match[1].capitalize()}s", name)
    words = _split(re.sub(r"\W+", "_", text)).lower()
    plain = re.sub(r"__+", "_", words).strip("_")
    return f"_{plain}" if plain[:1].isdigit() else plain


def problem(name: str) -> str:
    """Return why Postgres wouldn't keep ``name`` as it is; empty where it would."""
    if not name:
        return "no letter or digit is left of it"
    size = len(name.encode())
    return f"it has {size} bytes, and Postgres keeps {LONGEST} of a name" if size > LONGEST else ""


class Proposals:
    """New names for things that share one namespace; a clash is said, never solved by a guess."""

    def __init__(self, olds: Iterable[str], taken: Collection[str]) -> None:
        self._taken = frozenset(taken)
        self._news = {old: snake_case(old) for old in dict.fromkeys(olds)}
        self._counts = Counter(self._news.values())

    def renames(self) -> Iterator[tuple[str, str]]:
        """Yield each old name that can be had in snake_case, with the new one."""
        yield from ((old, new) for old, new in self._news.items() if new != old and not self._clash(old, new))

    def clashes(self) -> Iterator[tuple[str, str]]:
        """Yield each old name for which there is no proposal, with the reason."""
        for old, new in self._news.items():
            if new != old and (reason := self._clash(old, new)):
                yield old, reason

    def _clash(self, old: str, new: str) -> str:
        if reason := problem(new):
            return f"{new!r} can't be its name: {reason}"
        if new in self._taken:
            return f"{new!r} is taken"
        if self._counts[new] > 1:
            others = ", ".join(repr(other) for other, name in self._news.items() if name == new and other != old)
            return f"{others} would be {new!r} as well"
        return ""


def chained(renames: Mapping[str, str]) -> Iterator[str]:
    """Yield what is renamed to a name that another one has to leave first: such a rename couldn't be seen as done."""
    yield from (old for old, new in renames.items() if new in renames and renames[new] != new and new != old)


def repeated(renames: Mapping[str, str]) -> Iterator[str]:
    """Yield each new name that several are to get."""
    yield from (new for new, count in Counter(renames.values()).items() if count > 1)


def _split(text: str) -> str:
    """Return ``text`` with an underscore before each word that begins with a capital, of whatever alphabet."""
    parts = []
    for position, letter in enumerate(text):
        before, after = text[position - 1 : position], text[position + 1 : position + 2]
        begins = letter.isupper() and (before.islower() or before.isdigit() or (before.isupper() and after.islower()))
        parts.append(f"_{letter}" if begins else letter)
    return "".join(parts)
