"""Switches of sides for people: what was done, what a rehearsal found, and what is to be set."""

from collections.abc import Mapping, Sequence

from payrollx_db.cli.render import console
from payrollx_db.consolidate.cutover.clients import Setting, Told
from payrollx_db.consolidate.cutover.outcome import Rehearsed, Switched
from payrollx_db.consolidate.state.switches import MEANING, Switch

DONE = {
    "cutover": "services write to the unified database from now on",
    "rollback": "services write to their legacy databases again",
    "complete": "the legacy databases don't follow any more",
}


def show_switched(switched: Switched) -> None:
    """Show what a switch has done."""
    names = ", ".join(switched.databases)
    if switched.nothing_to_do:
        console.answer(f"nothing is left to do: {DONE[switched.action]}.")
        return
    console.answer_wrapped(f"{switched.action} of {names}: {DONE[switched.action]}.")
    if switched.stop:
        console.answer(f"writers waited for {switched.stop:.2f} s; {switched.keys:,} keys came over meanwhile.")
        _show_seconds(switched.seconds)
    _show_lines("not enforced while one end is on the other side:", switched.loosened)
    _show_lines("to know:", switched.messages)
    _show_settings(switched.settings)
    if switched.told:
        _show_told(switched.told)
    _show_lines("left to do:", switched.left)


def show_rehearsed(rehearsed: Rehearsed) -> None:
    """Show what a switch would meet."""
    table = console.table(("database", "left"), ("last pass", "right"))
    for name, seconds in rehearsed.passes.items():
        table.add_row(name, f"{seconds:.2f} s")
    console.answer_table(table)
    console.answer_wrapped(
        f"writers would wait for about {rehearsed.predicted:.2f} s ({rehearsed.limits.max_stop:g} s are allowed):"
        f" {rehearsed.tables:,} tables, {rehearsed.keys:,} foreign keys."
    )
    _show_seconds(rehearsed.steps)
    _show_lines("would be made:", rehearsed.made)
    _show_lines("would not be enforced while one end is on the other side:", rehearsed.loosened)
    _show_settings(rehearsed.settings)
    _show_lines("it would be refused:", rehearsed.refusals)
    if not rehearsed.refusals:
        console.answer(f"nothing is in the way of the {rehearsed.action}.")


def show_switches(switches: Sequence[Switch]) -> None:
    """Show which side of each legacy database is written, and what may be done next."""
    if not switches:
        return
    console.answer("\nwhich side is written:")
    for stage in dict.fromkeys(switch.stage for switch in switches):
        same = [switch for switch in switches if switch.stage == stage]
        meaning, following = MEANING[stage]
        console.answer_wrapped(f"{', '.join(s.database for s in same)}: {stage}: {meaning}", indent=2, further=4)
        for who in dict.fromkeys(_who(switch) for switch in same):
            console.answer_wrapped(who, indent=4)
        console.answer_wrapped(f"next: {following}", indent=4)


def _who(switch: Switch) -> str:
    since = f" at {switch.at:%Y-%m-%d %H:%M:%S}" if switch.at else ""
    return f"{switch.step}{since}, by {switch.operator or 'somebody'}"


def _show_seconds(seconds: Mapping[str, float]) -> None:
    parts = [f"{name} {taken * 1000:.0f} ms" for name, taken in seconds.items()]
    console.answer_wrapped(", ".join(parts), indent=2)


def _show_settings(settings: Sequence[Setting]) -> None:
    if not settings:
        return
    console.answer("\nwhat each service has to set (with its own password):")
    for setting in settings:
        console.answer_wrapped(str(setting), indent=2, further=4)


def _show_told(told: Told) -> None:
    if told.command is not None:
        console.answer(f"the command ended with exit code {told.command}.")
    if told.url is not None:
        console.answer(f"the URL answered with status {told.url}." if told.url else "the URL gave no answer.")
    for name, count in told.connected.items():
        console.answer(f"{name}: {count} sessions have come." if count else f"{name}: no session has come yet.")


def _show_lines(heading: str, lines: Sequence[str]) -> None:
    if lines:
        console.answer(f"\n{heading}")
        for line in lines:
            console.answer_wrapped(line, indent=2, further=4)
