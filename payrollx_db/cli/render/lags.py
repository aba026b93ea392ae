"""How far followed databases are ahead, as people look at it."""

from collections.abc import Sequence

from payrollx_db.cli.render import console, findings
from payrollx_db.consolidate.follow.lag import HOUR, shown_bytes
from payrollx_db.consolidate.state.flows import FlowState
from payrollx_db.consolidate.state.lags import Lag
from payrollx_db.model.finding import Finding


def show_flows(flows: Sequence[FlowState], lags: Sequence[Lag], alarms: Sequence[Finding]) -> None:
    """Show what is followed: how far each database is ahead, and how long its server can keep its log for us."""
    if not flows:
        return
    headings = (
        ("database", "left"), ("", "left"), ("status", "left"), ("behind", "right"), ("seconds", "right"),
        ("keys", "right"), ("log kept", "right"), ("free", "right"), ("lasts", "right"), ("measured", "left"),
    )  # fmt: skip
    by_flow = {(lag.database, lag.direction): lag for lag in lags}
    rows = [[f.database, f.direction, f.status, *_lag(by_flow.get((f.database, f.direction)))] for f in flows]
    console.answer_groups(headings, [("followed", rows)])
    if alarms:
        findings.show(alarms)


def _lag(lag: Lag | None) -> list[str]:
    if lag is None:
        return ["?"] * 6 + ["never"]
    left, room = lag.seconds_left, [r for r in (lag.free_bytes, lag.safe_bytes) if r is not None]
    return [
        shown_bytes(lag.lag_bytes),
        "?" if lag.lag_seconds is None else f"{lag.lag_seconds:,.1f}",
        "?" if lag.lag_keys is None else f"{lag.lag_keys:,}",
        shown_bytes(lag.retained_bytes),
        shown_bytes(min(room)) if room else "?",
        "?" if left is None else f"{left / HOUR:,.1f} h",
        f"{lag.measured_at:%Y-%m-%d %H:%M:%S}",
    ]
