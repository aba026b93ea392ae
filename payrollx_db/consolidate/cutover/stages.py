"""Which lines a command is of, by the stages that they are recorded in; and the refusal of what comes out of turn."""

from payrollx_db.consolidate.cutover.beginning import Begun
from payrollx_db.consolidate.cutover.lines import Line
from payrollx_db.consolidate.state.switches import CLOSED, COMPLETE, FENCED, FENCING, OPEN, ROLLING_BACK, Switch
from payrollx_db.errors import StateConflictError


def to_cut_over(begun: Begun) -> Begun:
    """Return those lines that aren't open yet. Raises StateConflictError where one is on its way back."""
    for switch in _of(begun, ROLLING_BACK):
        raise StateConflictError(
            f"a rollback of {switch.database} was begun by {_operator(switch)} and isn't finished",
            hint="payrollx-db rollback finishes it; then it can be cut over again",
        )
    return begun.only(line for line in begun.lines if _stage(begun, line) not in (OPEN, COMPLETE))


def opened(begun: Begun) -> Begun:
    """Return those lines that are open."""
    return begun.only(line for line in begun.lines if _stage(begun, line) == OPEN)


def to_undo(begun: Begun) -> Begun:
    """Return those lines whose cutover was begun and not finished: nothing is open for them yet."""
    _refuse_complete(begun)
    return begun.only(line for line in begun.lines if _stage(begun, line) in (FENCING, FENCED))


def to_open_again(begun: Begun) -> Begun:
    """Return those lines whose rollback has come so far that both sides are closed, and equal."""
    return begun.only(
        line
        for line in begun.lines
        if _stage(begun, line) == ROLLING_BACK and begun.switches[line.database].step == CLOSED
    )


def to_roll_back(begun: Begun) -> Begun:
    """Return those lines that are open, or whose rollback was begun and hasn't closed anything."""
    again = {line.database for line in to_open_again(begun).lines}
    return begun.only(
        line for line in begun.lines if _stage(begun, line) in (OPEN, ROLLING_BACK) and line.database not in again
    )


def to_complete(begun: Begun) -> Begun:
    """Return those lines that are open. Raises StateConflictError where one isn't, and isn't complete either."""
    for line in begun.lines:
        if _stage(begun, line) not in (OPEN, COMPLETE):
            raise StateConflictError(
                f"{line.database} isn't cut over: its stage is {_stage(begun, line)}",
                hint="payrollx-db cutover comes first; or leave it out by --service",
            )
    return begun


def away_tables(begun: Begun, *, going_back: bool = False) -> frozenset[str]:
    """Return the tables of the unified database whose rows are in legacy databases once this command is done.

    Tables that no legacy database has, new ones, aren't among them: they have been here from the beginning.
    """
    is_open = {name for name, switch in begun.switches.items() if switch.stage in (OPEN, COMPLETE)}
    chosen = {line.database for line in begun.lines}
    here = is_open - chosen if going_back else is_open | chosen
    tables_here = {name for line in begun.every if line.database in here for name in line.target_names}
    return frozenset({name for line in begun.every for name in line.target_names} - tables_here)


def _refuse_complete(begun: Begun) -> None:
    for switch in _of(begun, COMPLETE):
        raise StateConflictError(
            f"{switch.database} has moved for good: {_operator(switch)} completed it",
            hint="nothing follows back any more; leave it out by --service",
        )


def _of(begun: Begun, stage: str) -> list[Switch]:
    return [switch for line in begun.lines if (switch := begun.switches[line.database]).stage == stage]


def _stage(begun: Begun, line: Line) -> str:
    return begun.switches[line.database].stage


def _operator(switch: Switch) -> str:
    since = f" at {switch.at:%Y-%m-%d %H:%M:%S}" if switch.at else ""
    return f"{switch.operator or 'somebody'}{since}"
