"""Which rows a pass is of: those whose keys changed, those that join, and those that look up what has changed."""

from collections.abc import Collection, Mapping, Sequence

from payrollx_db.consolidate.follow import keys as queries
from payrollx_db.consolidate.follow.flow import Also, Flow, Move
from payrollx_db.consolidate.follow.hooks import Sessions
from payrollx_db.consolidate.follow.work import Further, Task
from payrollx_db.postgres.replication.changes import Changes, Key
from payrollx_db.postgres.script import run_script

READING, WRITING = "can't read the rows that changed", "can't write the rows that changed"


async def tasks_of(
    flow: Flow, sessions: Sessions, changes: Changes, further: Further, held: Mapping[str, Collection[str]]
) -> list[Task]:
    """Return what these changes, and what joins them, mean for each move of ``flow``.

    ``held`` has by source table the keys of rows that are held back: the written side doesn't know what they look up.

    Reads, in the reader's transaction, which rows look up what has changed. Raises SourceError or TargetError.
    """
    tasks = []
    for number, move in enumerate(flow.moves):
        oid = move.source.table.oid
        keys = {**changes.keys.get(oid, {}), **dict.fromkeys(further.keys.get(oid, ()))}
        whole = oid in changes.truncated or oid in further.whole
        surplus = further.surplus.get(move.name, ())
        for also in move.also:
            theirs = also.watched.table.oid
            whole = whole or theirs in changes.truncated
            changed = (changes.watched if also.changed else changes.keys).get(theirs, {})
            if changed and not whole:
                keys |= await _concerned(flow, sessions, move, also, changed, keys)
                keys |= await _held_back(flow, sessions, move, also, changed, held)
        if whole or keys or surplus:
            tasks.append(Task(number, move, None if whole else keys, surplus))
    return tasks


async def _concerned(
    flow: Flow, sessions: Sessions, move: Move, also: Also, changed: Mapping[Key, None], joined: Mapping[Key, None]
) -> dict[Key, None]:
    keys: dict[Key, None] = {}
    for some in queries.chunks(changed):
        known = await _concerned_here(flow, sessions, move, also, some, joined)
        if known is None:
            with flow.read.translating_errors(READING):
                (known,) = await run_script(sessions.reader, [queries.concerned(move, also, some)])
        keys |= dict.fromkeys(known)
    return keys


async def _held_back(
    flow: Flow,
    sessions: Sessions,
    move: Move,
    also: Also,
    changed: Mapping[Key, None],
    held: Mapping[str, Collection[str]],
) -> dict[Key, None]:
    """Return the keys of rows that are held back and look up what has changed."""
    texts = held.get(move.plan.source_name, ()) if move.plan is not None else ()
    keys: dict[Key, None] = {}
    if move.plan is not None and texts:
        among = move.plan.among(sorted(texts))
        queries_of = [queries.concerned(move, also, some, among) for some in queries.chunks(changed)]
        with flow.read.translating_errors(READING):
            for known in await run_script(sessions.reader, queries_of):
                keys |= dict.fromkeys(known)
    return keys


async def _concerned_here(
    flow: Flow, sessions: Sessions, move: Move, also: Also, keys: Sequence[Key], joined: Mapping[Key, None]
) -> list[Key] | None:
    """Ask the written side which rows these keys concern, and the side that is read which of them it has.

    The written side has an index for it more often. ``None``: the other side has to be asked, since its rows can't
    be told by what is written here, or one of them isn't there by its key's usual spelling.
    """
    query = queries.written_of(move, also, keys)
    if query is None:
        return None
    with flow.read.translating_errors(READING):
        (values,) = await run_script(sessions.reader, [query])
    with flow.written.translating_errors(WRITING):
        (rows,) = await run_script(sessions.writer, [queries.named_here(move, also, values)])
    named = [key for key in rows if key not in joined]
    if not named:
        return []
    with flow.read.translating_errors(READING):
        (there,) = await run_script(sessions.reader, [queries.there_of(move, named)])
    return there if len(there) == len(named) else None
