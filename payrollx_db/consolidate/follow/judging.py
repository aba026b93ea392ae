"""Judging rows while they are followed: each key of a pass anew, as if nothing had been decided about it.

A pass reads plainly. What would go in changed without a word, or as NULL where that can't be, is left out by a
condition that costs next to nothing; and where the source refuses a whole chunk, the pass is done once more, carefully:
the rows on which a transform fails are searched first, under the pass's own snapshot. What stays out goes by the
policies that the copy has, and its record is renewed, or lifted, in the pass's transaction.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from psycopg import sql

from payrollx_db.consolidate.check import values
from payrollx_db.consolidate.check.attempts import Refused
from payrollx_db.consolidate.check.values import Suspect, Values
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.follow import keys as key_sql
from payrollx_db.consolidate.follow.flow import Flow, Move
from payrollx_db.consolidate.follow.hooks import Noted, Sessions
from payrollx_db.consolidate.follow.naming import key_of_text, keys_by_text
from payrollx_db.consolidate.follow.refusals import Refusal, bring_in_singly, by_cause
from payrollx_db.consolidate.follow.tracking import Tracking
from payrollx_db.consolidate.follow.waiting import Waiting
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.quarantine import legacy_rows
from payrollx_db.consolidate.state import held
from payrollx_db.consolidate.state.quarantine import Decision, Kind
from payrollx_db.errors import FindingsError
from payrollx_db.model.finding import EXAMPLES, Finding, refuse
from payrollx_db.model.policy import FAIL
from payrollx_db.postgres import sqlstates
from payrollx_db.postgres.errors import sqlstate
from payrollx_db.postgres.replication.changes import Key
from payrollx_db.postgres.script import Script
from payrollx_db.postgres.session import run

ROUND = "round"
NAMELESS = "(its rows have no primary key to be named by)"


@dataclass
class _Careful:
    """What is known of the rows of one move, whose chunk the source has refused."""

    suspects: Sequence[Suspect] = ()
    refused: Mapping[str, Refused] = field(default_factory=dict)
    out: dict[str, None] = field(default_factory=dict)


class RowJudge:
    """Judges the rows of one forward flow. See `hooks.Judge`, which says when each method is called.

    ``runs`` has for each source table the run with whose records its own stand; ``held`` the keys of which one is in
    force.
    """

    def __init__(
        self,
        context: Context,
        flow: Flow,
        runs: Mapping[str, int],
        held_keys: Mapping[str, set[str]],
        tracking: Tracking | None = None,
        waiting: Waiting | None = None,
    ) -> None:
        self._context, self._flow = context, flow
        self.runs = runs
        self._waiting = waiting or Waiting()
        self._waiting.add(flow, self.join)
        self.tracking = tracking or Tracking(flow.name)
        self._held = {source: set(keys) for source, keys in held_keys.items()}
        self._careful: dict[str, _Careful] = {}
        self._is_careful = False
        self._out: dict[str, dict[str, None]] = {}  # of this pass, by source table
        self._changed: dict[str, set[str]] = {}
        self._joining: dict[int, list[Key]] = {}
        self._handed: dict[int, int] = {}  # how many of these the pass that is under way was given
        self._come: list[tuple[str, str]] = []  # held rows that wait for one of this pass's
        self._whole: set[str] = set()  # source tables all of whose rows are read in this pass
        self._silent = {move.name: self._conditions(move) for move in flow.moves if move.plan}
        self._rounding = [move for move in flow.moves if self._rounded(move)]

    # --- what a pass asks -------------------------------------------------------------------------------

    def condition(self, move: Move) -> sql.Composable | None:
        """Return the condition that a read row may go in."""
        conditions, known = self._silent.get(move.name, ()), self._careful.get(move.name)
        silent = sql.SQL(" AND ").join(conditions) if conditions else None
        if not (known and known.out and move.plan):
            return silent
        # A condition may itself fail on a row whose value can't be converted, so it isn't asked of these.
        out = move.plan.among(list(known.out))
        return sql.SQL("CASE WHEN {} THEN false ELSE {} END").format(out, silent or sql.SQL("true"))

    def values(self, move: Move) -> Sequence[sql.Composable]:
        """Return the expressions of the move's columns."""
        plan, known = move.plan, self._careful.get(move.name)
        if plan is None or known is None:
            return [column.value for column in move.columns]
        return [values.guard(plan, c, known.refused, c.conversion.value) for c in plan.columns]

    def refused_by_source(self, error: BaseException) -> bool:
        """Tell whether the pass is to be done once more, carefully."""
        state = getattr(error, "sqlstate", "") or sqlstate(error)
        if self._is_careful or not sqlstates.may_be_of_computing(state):
            return False
        self._is_careful = True
        return True

    async def prepare(self, sessions: Sessions, move: Move, keys: Sequence[Key] | None) -> None:
        """Search the rows that can't be converted, before they are read; only where a chunk was refused before."""
        if not self._is_careful or move.plan is None:
            return
        found = await self._scan(sessions, move, keys)
        known = self._careful.setdefault(move.name, _Careful())
        known.suspects = [*known.suspects, *found.suspects]
        known.refused = found.refused
        for suspect, (texts, action) in zip(found.suspects, await self._named(sessions, found.suspects), strict=True):
            if suspect.finding.severity == "block" and action != ROUND:
                known.out.update(dict.fromkeys(texts))

    async def missing(self, sessions: Sessions, move: Move, keys: Sequence[Key] | None) -> Sequence[Key]:
        """Decide about those of ``keys`` whose row is there and wasn't read; return them."""
        plan, condition = move.plan, self.condition(move)
        if plan is not None and keys is None:
            self._whole.add(plan.source_name)
        if plan is None or condition is None:
            return ()
        rows = key_sql.among(move.source, keys) if keys is not None else sql.SQL("true")
        query = sql.SQL("SELECT {} FROM {} WHERE {} AND ({}) IS NOT TRUE").format(
            plan.source_key or sql.SQL("NULL::text"), plan.from_clause, rows, condition
        )
        texts = [str(text) for (text,) in await run(sessions.reader, query)]
        if not texts:
            return ()
        known, known_texts = self._careful.get(move.name), set(texts)
        suspects = known.suspects if known else (await self._scan(sessions, move, keys)).suspects
        decisions: list[Decision] = []
        findings: list[Finding] = []
        for suspect, (named, action) in zip(suspects, await self._named(sessions, suspects), strict=True):
            finding = replace(suspect.finding, action=action)
            if suspect.finding.severity != "block":
                continue
            findings.append(finding if suspect.keys is not None else _nameless(finding))
            if action not in (FAIL, ROUND):
                here = [text for text in named if text in known_texts]
                decisions += [Decision(plan.source_name, text, "row", finding.code, action) for text in here]
        self._refuse(findings)
        out = set(texts) & {decision.key for decision in decisions}
        if len(out) < len(set(texts)):
            raise self._undecided(plan, sorted(set(texts) - out))
        await self._hold(sessions, plan, decisions)
        return [key for text in out if (key := key_of_text(move.source, plan, text)) is not None]

    async def refused_by_target(
        self, sessions: Sessions, move: Move, staging: str, keys: Sequence[Key] | None, error: BaseException
    ) -> Sequence[Key]:
        """Bring the staged rows in, each by itself where it must be, and decide about those that are refused."""
        plan = move.plan
        if plan is None:
            raise error
        refused = await bring_in_singly(sessions, move, staging, keys)
        self._refuse([self._refusal(plan, one) for one in by_cause(refused)])
        decisions = []
        for one in refused:
            finding = self._refusal(plan, [one])
            decisions.append(Decision(plan.source_name, one.key, "row", finding.code, finding.action))
        await self._hold(sessions, plan, decisions)
        return [key for one in refused if (key := key_of_text(move.source, plan, one.key)) is not None]

    async def staged(self, sessions: Sessions, move: Move, staging: str) -> None:
        """Look who waits for rows that come in: they join the next pass, whichever database they are of."""
        self._come += await self._waiting.of(sessions.writer, move, staging)

    def closing(self, noted: Noted) -> Sequence[sql.Composable] | None:
        """Return the statements that note what is to be settled, where nothing of the pass is kept or lifted."""
        keys = noted.keys
        if any(keys.get(move.source.table.oid) for move in self._rounding):
            return None
        for source, moves in self._by_source.items():
            if (source in self._whole or keys.get(moves[0].source.table.oid)) and self._held.get(source):
                return None
        return self.tracking.noting(self._flow, noted)

    def closed(self, counts: Sequence[int]) -> None:
        """Hear how many keys were noted that hadn't been."""
        self.tracking.noted(counts)

    async def finish(self, sessions: Sessions, noted: Noted) -> None:
        """Lift what is in order again, keep what goes in changed, and note what is to be settled."""
        keys = noted.keys
        for move in self._rounding:
            if some := keys.get(move.source.table.oid):
                await self._keep_rounded(sessions, move, some)
        for source, moves in self._by_source.items():
            plan, watched = moves[0].plan, moves[0].source
            some = keys.get(watched.table.oid)
            known = self._held.get(source)
            if plan is None or not known:
                continue
            if source in self._whole:
                await self._lift(sessions, plan, set(known))
            elif some:
                await self._lift(sessions, plan, set(keys_by_text(watched, plan, some)) & known)
        await self.tracking.note(sessions.writer, self._flow, noted)

    def committed(self) -> None:
        """Count what the pass has decided, and read plainly again."""
        for source, gone in self._changed.items():
            self._held.setdefault(source, set()).difference_update(gone)
        for source, out in self._out.items():
            self._held.setdefault(source, set()).update(out)
        self.tracking.committed()
        for oid, count in self._handed.items():  # others may have come since
            del self._joining[oid][:count]
        self._handed = {}
        self._waiting.join(self._come)
        self._is_careful = False
        self.forget()

    def forget(self) -> None:
        """Forget what was found in a pass: it begins, or was rolled back."""
        self._careful, self._out, self._changed = {}, {}, {}
        self._whole = set()
        self._come = []

    def joining(self) -> Mapping[int, Sequence[Key]]:
        """Return the keys that the next pass has to bring over too."""
        self._handed = {oid: len(keys) for oid, keys in self._joining.items()}
        return {oid: list(keys) for oid, keys in self._joining.items() if keys}

    def join(self, oid: int, keys: Iterable[Key]) -> None:
        """Let these keys of a watched table join the next pass."""
        self._joining.setdefault(oid, []).extend(keys)

    def held(self, source: str) -> Collection[str]:
        """Return the keys of a source table's rows that are held back, as the quarantine has them."""
        return self._held.get(source, frozenset())

    def add_held(self, source: str, texts: Iterable[str]) -> None:
        """Hear of rows that were taken out by settling."""
        self._held.setdefault(source, set()).update(texts)

    # --- conditions -------------------------------------------------------------------------------------

    def _conditions(self, move: Move) -> list[sql.Composable]:
        """Return what has to hold of rows that nothing else would stop: no value changed silently, no NULL too many."""
        plan = move.plan
        conditions: list[sql.Composable] = []
        for column in plan.columns if plan else ():
            place = values.place(plan, [column]) if plan else ""
            if column.conversion.lossy is not None and self._context.policies.action("lossy", place) != ROUND:
                conditions.append(sql.SQL("({}) IS NOT TRUE").format(column.conversion.lossy))
            if not column.target.nullable and column.nullable:
                conditions.append(sql.SQL("({}) IS NOT NULL").format(column.conversion.value))
        return conditions

    def _rounded(self, move: Move) -> bool:
        columns = move.plan.columns if move.plan else ()
        return any(
            column.conversion.lossy is not None
            and move.plan is not None
            and self._context.policies.action("lossy", values.place(move.plan, [column])) == ROUND
            for column in columns
        )

    # --- findings and decisions -------------------------------------------------------------------------

    async def _scan(
        self, sessions: Sessions, move: Move, keys: Sequence[Key] | None, *, silent: bool = False
    ) -> Values:
        if move.plan is None:
            raise TypeError("a move that isn't of a plan has nothing to scan")
        endpoint = self._flow.read
        rows = key_sql.among(move.source, keys) if keys is not None else sql.SQL("true")
        with endpoint.translating_errors(f"can't read {move.source.table.full_name}"):
            return await values.scan_rows(sessions.reader, move.plan, rows, silent=silent, few=keys is not None)

    async def _named(self, sessions: Sessions, suspects: Sequence[Suspect]) -> list[tuple[list[str], str]]:
        """Return for each suspicion the keys of its rows, as the quarantine has them, and what the policies say."""
        answers: list[tuple[list[str], str]] = []
        for suspect in suspects:
            texts: list[str] = []
            if suspect.keys is not None:
                with self._flow.read.translating_errors("can't read the keys of rows"):
                    texts = [text for (text,) in await run(sessions.reader, suspect.keys)]
            action = self._context.policies.action(suspect.finding.code, suspect.finding.place)
            answers.append((texts, action if suspect.keys is not None else FAIL))
        return answers

    def _refusal(self, plan: TablePlan, refused: Sequence[Refusal]) -> Finding:
        """Return the finding about rows that the target refused for one cause."""
        first = refused[0]
        columns = [column for column in plan.columns if column.target.name in first.columns]
        place = values.place(plan, columns)
        action = self._context.policies.action(first.code, place)
        examples = tuple(one.key for one in refused)[:EXAMPLES]
        finding = Finding(first.code, "block", place, len(refused), first.reason, examples, action)
        return finding if plan.source_key is not None else _nameless(finding)

    def _refuse(self, findings: Iterable[Finding]) -> None:
        """Raise FindingsError where no policy says what becomes of rows."""
        blocking = [finding for finding in findings if finding.blocks]
        if not blocking:
            return
        try:
            refuse(blocking)
        except FindingsError as error:
            rows = sum(finding.count for finding in blocking)
            error.message = (
                f"{self._flow.name}: {rows:,} changed rows can't be brought over, and no policy says what to do with"
                " them; the target stays where it was before"
            )
            error.hint = (
                "correct these rows there, or give a --policy for them; then follow again: it goes on from there"
            )
            raise

    def _undecided(self, plan: TablePlan, keys: Sequence[str]) -> FindingsError:
        return FindingsError(
            f"{plan.source_name}: {len(keys):,} changed rows can't be brought over, and nothing says why",
            details=tuple(keys[:EXAMPLES]),
            hint="payrollx-db check looks at every row of it",
        )

    # --- records ----------------------------------------------------------------------------------------

    async def _hold(self, sessions: Sessions, plan: TablePlan, decisions: Sequence[Decision]) -> None:
        """Record decisions with the legacy rows that they are about, as these are in the pass's snapshot."""
        if not decisions:
            return
        source = plan.source_name
        fresh = list({(d.key, d.kind, d.column): d for d in reversed(decisions)}.values())
        texts = list(dict.fromkeys(decision.key for decision in fresh))
        await held.forget(sessions.writer, source, [text for text in texts if text not in self._out.get(source, {})])
        await held.hold(sessions.writer, self.runs[source], fresh)
        await self.keep_rows(sessions, plan, texts)
        self._out.setdefault(source, {}).update(dict.fromkeys(texts))

    async def keep_rows(
        self, sessions: Sessions, plan: TablePlan, texts: Sequence[str], number: int | None = None
    ) -> None:
        """Keep the legacy rows of these keys with their records, in the transactions that both sessions are in.

        The records are those of run ``number``, of a table that no run has an account of yet; else of its own run.
        """
        await run(sessions.writer, sql.SQL(held.STAGING))
        query = sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(legacy_rows(plan, texts))
        async with Script(sessions.reader, [query]) as read, Script(sessions.writer, [sql.SQL(held.STAGED)]) as written:
            await written.feed(read.blocks())
        run_number = self.runs[plan.source_name] if number is None else number
        await held.keep_rows(sessions.writer, run_number, plan.source_name)

    async def _keep_rounded(self, sessions: Sessions, move: Move, keys: Sequence[Key]) -> None:
        plan = move.plan
        if plan is None:
            return
        found = await self._scan(sessions, move, keys, silent=True)
        decisions = [
            Decision(plan.source_name, text, "value", suspect.finding.code, action, suspect.column)
            for suspect, (texts, action) in zip(
                found.suspects, await self._named(sessions, found.suspects), strict=True
            )
            if action == ROUND
            for text in texts
        ]
        await self._hold(sessions, plan, decisions)

    async def _lift(self, sessions: Sessions, plan: TablePlan, texts: set[str]) -> None:
        """Lift the records of rows that are in order now, and forget those of rows that are gone."""
        source = plan.source_name
        texts -= self._out.get(source, {}).keys()
        if not texts:
            return
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
            plan.source_key or sql.SQL("NULL::text"), plan.from_source, plan.among(sorted(texts))
        )
        there = {str(text) for (text,) in await run(sessions.reader, query)}
        await held.release(sessions.writer, source, texts & there)
        await held.forget(sessions.writer, source, texts - there)
        self._changed.setdefault(source, set()).update(texts)

    @cached_property
    def _by_source(self) -> dict[str, list[Move]]:
        groups: dict[str, list[Move]] = {}
        for move in self._flow.moves:
            if move.plan is not None:
                groups.setdefault(move.plan.source_name, []).append(move)
        return groups


def _nameless(finding: Finding) -> Finding:
    return replace(finding, message=f"{finding.message} {NAMELESS}", action=FAIL, resolvable=False)


def kind_of(action: str) -> Kind:
    """Return which kind of record a policy's action makes."""
    return "value" if action in (ROUND, "null") else "row"
