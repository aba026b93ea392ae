"""What the target remembers of its runs, for people to ask: their states, accounts, and the quarantine."""

from dataclasses import asdict, dataclass
from typing import Any

from payrollx_db.consolidate.follow.lag import findings as lag_findings
from payrollx_db.consolidate.state import quarantine
from payrollx_db.consolidate.state.accounts import TableState, accounts
from payrollx_db.consolidate.state.findings import findings
from payrollx_db.consolidate.state.flows import FlowState, flows
from payrollx_db.consolidate.state.lags import Lag, lags
from payrollx_db.consolidate.state.lock import lock_holder
from payrollx_db.consolidate.state.parts import moved
from payrollx_db.consolidate.state.runs import Run, runs
from payrollx_db.consolidate.state.stuck import StuckRows, stuck_rows
from payrollx_db.consolidate.state.switches import Switch, switches
from payrollx_db.consolidate.state.unrestored import Unrestored, unrestored
from payrollx_db.errors import ConfigurationError
from payrollx_db.model.finding import Finding
from payrollx_db.postgres.session import Endpoint, session


@dataclass(frozen=True)
class Status:
    """What the target remembers: its runs, newest first, and one run's tables and findings.

    ``moved`` has rows and bytes so far for each target table that is under way; ``at_work`` tells whether
    a run is at work right now. One that says ``running`` and isn't at work was killed, and can be resumed.
    ``unrestored`` is what the run has dropped and what isn't there now. ``stuck`` are rows that don't go back into the
    legacy databases; ``switches`` say which side of each legacy database is written, and what may be done next.
    ``flows`` and ``lags`` tell what is followed, and how far each database was ahead when it was measured last.
    """

    runs: tuple[Run, ...]
    run: int | None
    tables: tuple[TableState, ...]
    moved: dict[str, tuple[int, int]]
    findings: tuple[Finding, ...]
    at_work: bool
    unrestored: tuple[Unrestored, ...] = ()
    stuck: tuple[StuckRows, ...] = ()
    flows: tuple[FlowState, ...] = ()
    lags: tuple[Lag, ...] = ()
    switches: tuple[Switch, ...] = ()

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """What needs attention of what is followed: lost slots, disks that fill up, logs that nobody reads."""
        return tuple(lag_findings(self.flows, self.lags, at_work=self.at_work))

    def document(self) -> dict[str, Any]:
        """Return the status as plain data, for ``--json``."""
        return {
            "runs": [asdict(run) for run in self.runs],
            "run": self.run,
            "at_work": self.at_work,
            "tables": [
                t.document() | {"status": t.status, "moved": 0 if t.constants else self.moved.get(t.target, (0, 0))[0]}
                for t in self.tables
            ],
            "findings": [finding.recorded for finding in self.findings],
            "unrestored": [item.document() for item in self.unrestored],
            "stuck": [rows.document() for rows in self.stuck],
            "flows": [flow.document() for flow in self.flows],
            "lags": [lag.document() for lag in self.lags],
            "alarms": [alarm.recorded for alarm in self.alarms],
            "switches": [switch.document() for switch in self.switches],
        }


async def status(target: Endpoint, run: int | None = None, *, catalog: str = "") -> Status:
    """Return what the target remembers of its runs, or of ``catalog``'s; ``run`` picks one (default: the newest).

    Raises TargetError where it can't be read, ConfigurationError where there is no such run.
    """
    async with session(target) as connection:
        with target.translating_errors("can't read the recorded runs"):
            recorded = [known for known in await runs(connection) if catalog in ("", known.catalog)]
            if run is not None and run not in {r.id for r in recorded}:
                raise ConfigurationError(f"there is no run {run}", hint="payrollx-db status lists them")
            chosen = run if run is not None else (recorded[0].id if recorded else None)
            if chosen is None:
                return Status((), None, (), {}, (), at_work=False)
            return Status(
                tuple(recorded),
                chosen,
                tuple(await accounts(connection, chosen)),
                await moved(connection, chosen),
                tuple([Finding(**fields) for fields in await findings(connection, chosen)]),
                at_work=bool(await lock_holder(connection)),
                unrestored=await unrestored(connection, [chosen]),
                stuck=tuple(await stuck_rows(connection)),
                flows=tuple(await flows(connection)),
                lags=tuple(await lags(connection)),
                switches=tuple((await switches(connection)).values()),
            )


async def quarantined(
    target: Endpoint, run: int | None = None, source: str = "", *, catalog: str = ""
) -> list[dict[str, Any]]:
    """Return what lies in quarantine, of one run or all, of one source table or all, of one catalog or any.

    Raises TargetError.
    """
    async with session(target) as connection:
        with target.translating_errors("can't read the quarantine"):
            entries = await quarantine.entries(connection, run=run, source=source)
            if not catalog:
                return entries
            numbers = {known.id for known in await runs(connection) if known.catalog == catalog}
            return [entry for entry in entries if entry["run"] in numbers]


async def held_back(target: Endpoint, catalog: str, schema: str) -> dict[str, int]:
    """Return how many rows of each source table lie in quarantine and so aren't in ``catalog``'s schema.

    Raises TargetError.
    """
    async with session(target) as connection:
        with target.translating_errors("can't read the quarantine"):
            return await quarantine.held_back(connection, catalog, schema)


async def nothing_recorded(target: Endpoint) -> str:
    """Say why nothing is recorded in the target: it isn't migrated, or no copy was ever begun. Empty where runs are.

    Raises TargetError.
    """
    async with session(target) as connection:
        with target.translating_errors("can't read the recorded runs"):
            if await runs(connection):
                return ""
            cursor = await connection.execute("SELECT pg_catalog.to_regnamespace('payrollx_meta') IS NOT NULL")
            ((migrated,),) = await cursor.fetchall()
    return "no run is recorded here" if migrated else "this database isn't migrated, and no run is recorded here"
