"""Judging rows on their way back: what a legacy table doesn't take is stuck, with the reason, and nothing stops.

The older version of such a row stays there. Stuck rows are recorded in the unified database before the pass commits in
the legacy one: if it dies in between, the same keys are judged anew.
"""

from collections.abc import Collection, Mapping, Sequence

import psycopg
from psycopg import sql

from payrollx_db.consolidate.follow import bringing_back
from payrollx_db.consolidate.follow import keys as key_sql
from payrollx_db.consolidate.follow.backward import legacy_key
from payrollx_db.consolidate.follow.flow import Flow, Move
from payrollx_db.consolidate.follow.hooks import Noted, Sessions
from payrollx_db.consolidate.plan.mapping import ROW
from payrollx_db.consolidate.state.stuck import lift_stuck, record_stuck
from payrollx_db.postgres import sqlstates
from payrollx_db.postgres.errors import explain, sqlstate
from payrollx_db.postgres.replication.changes import Key
from payrollx_db.postgres.session import Connection, run, session

QUARANTINED = "the legacy row of this key was kept out of the target, and stays as it is"


class BackJudge:
    """Judges the rows of one flow back. See `hooks.Judge` and `hooks.SparingJudge`, which say when methods are called.

    ``stuck`` has the keys of rows that are stuck already, by legacy table; ``quarantined`` those of legacy rows that
    were kept out on the way forward. Keys are texts, as findings have them.
    """

    def __init__(
        self,
        flow: Flow,
        stuck: Mapping[str, Collection[str]] | None = None,
        quarantined: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self.flow = flow
        self.known = {name: set(keys) for name, keys in (stuck or {}).items()}
        self._quarantined = {name: frozenset(keys) for name, keys in (quarantined or {}).items() if keys}
        self._fitting = {move.name: _all_fitting(move) for move in flow.moves}
        self._is_careful = False
        self.forget()

    # --- what a pass asks -------------------------------------------------------------------------------

    def forget(self) -> None:
        """Hear that a pass begins, or was rolled back."""
        self._seen: dict[str, dict[Key, None]] = {}
        self._whole: set[str] = set()
        self._out: dict[str, dict[Key, str]] = {}  # rows that are known to be stuck before they are read, and why
        self._reasons: dict[str, dict[str, str]] = {}

    async def prepare(self, sessions: Sessions, move: Move, keys: Sequence[Key] | None) -> None:
        """Hear which keys of a move are read next; ``None``: all."""
        self._seen.setdefault(move.name, {}).update(dict.fromkeys(keys or ()))
        if keys is None:
            self._whole.add(move.name)
        if keys is None and (move.name in self._quarantined or self._is_careful):
            keys = await self._all_keys(sessions, move)
        if keys and move.name in self._quarantined:
            texts = await self._legacy_keys(sessions, move, keys)
            clashing = {key: QUARANTINED for key, text in texts.items() if text in self._quarantined[move.name]}
            self._out.setdefault(move.name, {}).update(clashing)
        if keys and self._is_careful:
            failing = await self._failing(sessions, move, keys)
            self._out.setdefault(move.name, {}).update(failing)

    def condition(self, move: Move) -> sql.Composable | None:
        """Return the condition that a read row may go in."""
        parts = []
        if self._out.get(move.name):
            # Of a CASE, nothing is computed of rows that it fails on.
            among = key_sql.among(move.source, list(self._out[move.name]))
            fitting = self._fitting[move.name] or sql.SQL("true")
            return sql.SQL("CASE WHEN {} THEN false ELSE {} END").format(among, fitting)
        parts = [fitting for fitting in (self._fitting[move.name],) if fitting is not None]
        return parts[0] if parts else None

    def values(self, move: Move) -> Sequence[sql.Composable]:
        """Return the expressions of the move's columns."""
        return [column.value for column in move.columns]

    def refused_by_source(self, error: BaseException) -> bool:
        """Tell whether the pass is to be done once more, carefully."""
        state = getattr(error, "sqlstate", "") or sqlstate(error)
        if self._is_careful or not sqlstates.may_be_of_computing(state):
            return False
        self._is_careful = True
        return True

    async def missing(self, sessions: Sessions, move: Move, keys: Sequence[Key] | None) -> Sequence[Key]:
        """Note why rows of ``keys`` that are there weren't read. None of them concerns another move."""
        out = self._out.get(move.name, {})
        if out:
            texts = await self._legacy_keys(sessions, move, list(out))
            there = await self._there(sessions, move, list(out))
            self._note(move, {texts[key]: reason for key, reason in out.items() if key in there and key in texts})
        fitting = self._fitting[move.name]
        others = None if keys is None else [key for key in keys if key not in out]
        if fitting is None or others == []:
            return ()
        among: sql.Composable = sql.SQL("true")
        if others is not None:
            among = key_sql.among(move.source, others)
        elif out:
            among = sql.SQL("NOT {}").format(key_sql.among(move.source, list(out)))
        query = sql.SQL("SELECT {}, {} FROM {} WHERE CASE WHEN {} THEN ({}) IS NOT TRUE END").format(
            _key_of(move), _reason_of(move), move.from_clause, among, fitting
        )
        self._note(move, {str(key): str(reason) for key, reason in await run(sessions.reader, query)})
        return ()

    async def refused_by_target(
        self, sessions: Sessions, move: Move, staging: str, keys: Sequence[Key] | None, error: BaseException
    ) -> Sequence[Key]:
        """Write the staged rows one by one where they must be, and note why others are refused."""
        del keys, error
        refused = await bringing_back.write_singly(sessions.writer, move, staging)
        await self._note_places(sessions, move, staging, refused)
        return ()

    async def refused_deletion(self, sessions: Sessions, move: Move, staging: str) -> int:
        """Delete the rows that are gone one by one where they must be, and note why others can't go."""
        deleted, refused = await bringing_back.delete_singly(sessions.writer, move, staging)
        await self._note_places(sessions, move, staging, refused)
        return deleted

    def closing(self, noted: Noted) -> Sequence[sql.Composable] | None:
        """Return nothing to be done, unless rows are stuck, or were and may not be any more."""
        del noted
        again = any(self.known.get(move.name) and move.name in self._seen for move in self.flow.moves)
        return None if again or self._reasons else ()

    def closed(self, counts: Sequence[int]) -> None:
        """Hear of nothing: there is nothing to be done."""

    async def finish(self, sessions: Sessions, noted: Noted) -> None:
        """Record what is stuck, and what isn't any more, before the pass commits."""
        del noted
        lifted: dict[str, set[str]] = {}
        for move in self.flow.moves:
            known = self.known.get(move.name, set())
            if known and move.name in self._seen:
                seen = list(self._seen[move.name])
                texts = (
                    known if move.name in self._whole else set((await self._legacy_keys(sessions, move, seen)).values())
                )
                lifted[move.name] = (known & texts) - self._reasons.get(move.name, {}).keys()
        if not (any(lifted.values()) or self._reasons):
            return
        async with session(self.flow.read) as connection:
            with self.flow.read.translating_errors("can't record which rows are stuck"):
                async with connection.transaction():
                    await self._record(connection, lifted)

    def committed(self) -> None:
        """Hear that the pass is committed."""
        for name, reasons in self._reasons.items():
            self.known.setdefault(name, set()).update(reasons)
        self._is_careful = False

    def joining(self) -> Mapping[int, Sequence[Key]]:
        """Return no keys: nobody waits for another row."""
        return {}

    @property
    def stuck(self) -> dict[str, int]:
        """How many rows are stuck, by legacy table."""
        return {name: len(keys) for name, keys in self.known.items() if keys}

    # --- how it knows -----------------------------------------------------------------------------------

    async def _record(self, connection: Connection, lifted: Mapping[str, Collection[str]]) -> None:
        for name, keys in lifted.items():
            if keys:
                await lift_stuck(connection, self.flow.name, name, keys)
                self.known[name] -= set(keys)
        for name, reasons in self._reasons.items():
            await record_stuck(connection, self.flow.name, name, reasons)

    def _note(self, move: Move, reasons: Mapping[str, str]) -> None:
        if reasons:
            self._reasons.setdefault(move.name, {}).update(reasons)

    async def _note_places(self, sessions: Sessions, move: Move, staging: str, refused: Mapping[str, str]) -> None:
        if refused:
            key = legacy_key([sql.Identifier("r", name) for name in move.key])
            keys = await bringing_back.keys_at(sessions.writer, key, staging, list(refused))
            self._note(move, {keys[place]: reason for place, reason in refused.items()})

    async def _legacy_keys(self, sessions: Sessions, move: Move, keys: Sequence[Key]) -> dict[Key, str]:
        """Return the legacy keys of these keys, whether their rows are there or not."""
        found: dict[Key, str] = {}
        for some in key_sql.chunks(keys):
            query = sql.SQL("SELECT {}, {} FROM {} AS {}").format(
                _own_key(move), _key_of(move), key_sql.key_rows(move.source, some), sql.Identifier(ROW)
            )
            for *parts, text in await run(sessions.reader, query):
                found[tuple(parts)] = str(text)
        return found

    async def _all_keys(self, sessions: Sessions, move: Move) -> list[Key]:
        query = sql.SQL("SELECT {} FROM {}").format(_own_key(move), move.from_clause)
        return [tuple(row) for row in await run(sessions.reader, query)]

    async def _there(self, sessions: Sessions, move: Move, keys: Sequence[Key]) -> set[Key]:
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
            _own_key(move), move.from_clause, key_sql.among(move.source, keys)
        )
        return {tuple(row) for row in await run(sessions.reader, query)}

    async def _failing(self, sessions: Sessions, move: Move, keys: Sequence[Key]) -> dict[Key, str]:
        """Return the keys of rows on which an expression fails, and how, by trying halves of what fails."""
        failing: dict[Key, str] = {}
        waiting = [list(some) for some in key_sql.chunks(keys)]
        while waiting:
            some = waiting.pop()
            error = await self._try(sessions.reader, move, some)
            if error is not None and len(some) == 1:
                failing[some[0]] = f"it can't be computed: {explain(error)}"
            elif error is not None:
                middle = len(some) // 2
                waiting += [some[middle:], some[:middle]]
        return failing

    async def _try(self, reader: Connection, move: Move, keys: Sequence[Key]) -> psycopg.Error | None:
        computed = sql.SQL(", ").join(
            [*self.values(move), *([self._fitting[move.name]] if self._fitting[move.name] else [])]
        )
        query = sql.SQL("SELECT pg_catalog.count(pg_catalog.num_nulls({})) FROM {} WHERE {}").format(
            computed, move.from_clause, key_sql.among(move.source, keys)
        )
        try:
            async with reader.transaction():
                await run(reader, query)
        except psycopg.Error as error:
            if not sqlstates.may_be_of_computing(error.sqlstate or ""):
                raise
            return error
        return None


def _all_fitting(move: Move) -> sql.Composable | None:
    parts = [column.valid for column in move.columns if column.valid is not None]
    return sql.SQL(" AND ").join(parts) if parts else None


def _own_key(move: Move) -> sql.Composable:
    """Return the columns of a read row's own key, as texts."""
    names = [sql.SQL("{}::text").format(sql.Identifier(ROW, name)) for name in move.source.key_names]
    return sql.SQL(", ").join(names)


def _key_of(move: Move) -> sql.Composable:
    """Return the expression of the legacy key of a row ``s``; of one that no legacy row can have, its own key."""
    columns = {column.name: column for column in move.columns}
    names = [name for name in move.table.primary_key if name in move.key] or list(move.key)
    fitting = [valid for name in names if (valid := columns[name].valid) is not None]
    key = legacy_key([columns[name].value for name in names])
    if not fitting:
        return key
    own = legacy_key([sql.Identifier(ROW, name) for name in move.source.key_names])
    return sql.SQL("CASE WHEN {} THEN {} ELSE {} END").format(sql.SQL(" AND ").join(fitting), key, own)


def _reason_of(move: Move) -> sql.Composable:
    """Return the expression that says which columns refuse a row."""
    parts = [
        sql.SQL("CASE WHEN ({}) IS NOT TRUE THEN {} END").format(
            column.valid, sql.Literal(f"{column.name} doesn't take {column.refuses or 'its value'}")
        )
        for column in move.columns
        if column.valid is not None
    ]
    return sql.SQL("pg_catalog.concat_ws('; ', {})").format(sql.SQL(", ").join(parts))
