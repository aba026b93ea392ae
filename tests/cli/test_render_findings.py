"""How findings are shown: each of them, whole, under its heading, with its count and what to do about it."""

import io
import json
import sys
from typing import Any

import pytest

from payrollx_db.cli.render import findings as render
from payrollx_db.model.finding import ROLE_TOO_MUCH, Finding

UUID = "3c62856a-71fe-49bf-ae4a-8120f0b767ef"
GRANT = 'REVOKE SELECT ON TABLE "a rather long schema"."a rather long table" FROM PUBLIC CASCADE;'
BACKUP = "payrollx-db service backup auth"
FINDINGS = (
    Finding("replication-ready", "info", "payrollx_auth", 1, "wal_level replica"),
    Finding("replication-ready", "info", "payrollx_org", 1, "wal_level replica"),
    Finding("loose-orphan", "warn", "a.public.b.c", 1, "no such row in d.e", ("[bold]x[/]",)),
    Finding("trigger", "warn", "shop", 12, "triggers fire on copied rows", tuple("abcdefghij")),
    Finding("lossy", "block", "a.public.b.d", 2, "value that numeric(38,18) would round", ("18",), action="round"),
    Finding(
        "orphan", "block", "payrollx_transaction.public.transactions.payrollRunId", 1234567,
        "no such row in payroll.payroll_runs", (UUID,) * 10,
    ),
    Finding(
        ROLE_TOO_MUCH, "error", "table shop.orders", 1, "PUBLIC has SELECT on table shop.orders", ("SELECT",),
        sql=GRANT, subject="PUBLIC",
    ),
    Finding("no-backup", "warn", "service auth", 1, "there is no backup", remedy=BACKUP, subject="auth"),
)  # fmt: skip


class Terminal(io.StringIO):
    """A stdout of 80 columns."""

    def isatty(self) -> bool:
        return True


def test_they_are_readable_in_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stdout", terminal)

    render.show(FINDINGS)

    assert terminal.getvalue().splitlines() == [
        "blocking",
        "  orphan  payrollx_transaction.public.transactions.payrollRunId: 1,234,567 rows",
        "      no such row in payroll.payroll_runs",
        f"      e.g. {UUID},",
        f"      {UUID},",
        f"      {UUID}, …",
        "      hint: --policy orphan=quarantine or orphan=null",
        "errors",
        "  role-too-much  PUBLIC has SELECT on table shop.orders",
        f"      {GRANT}",
        "resolved by policy",
        "  lossy  a.public.b.d: 2 rows",
        "      value that numeric(38,18) would round",
        "      e.g. 18",  # though the message has these two digits, too
        "      policy: round",
        "warnings",
        "  loose-orphan  a.public.b.c: 1 row",
        "      no such row in d.e",
        "      e.g. [bold]x[/]",
        "  trigger  shop",
        "      triggers fire on copied rows",
        "      a, b, c and 9 more",
        "  no-backup  service auth",
        "      there is no backup",
        f"      hint: {BACKUP}",
        "information",
        "  replication-ready  payrollx_auth, payrollx_org",
        "      wal_level replica",
    ]


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.code)
def test_none_is_left_out_among_others(finding: Finding, capsys: pytest.CaptureFixture[str]) -> None:
    render.show(FINDINGS)
    among = capsys.readouterr().out
    render.show([finding])
    alone = capsys.readouterr().out

    for shown in (among, alone):
        assert f"  {finding.code}  " in shown
        assert finding.place in shown
        assert finding.message in shown
        assert finding.remedy in shown
        assert finding.sql in shown


@pytest.mark.parametrize(("number", "rows"), [(0, "0 rows"), (1, "1 row"), (1234567, "1,234,567 rows")])
@pytest.mark.parametrize("severity", ["block", "warn", "info"])
def test_a_finding_about_rows_says_how_many(
    severity: Any, number: int, rows: str, capsys: pytest.CaptureFixture[str]
) -> None:
    render.show([Finding("orphan", severity, "a.b.c.d", number, "no such row")])

    assert f"a.b.c.d: {rows}\n" in capsys.readouterr().out


def test_places_that_say_the_same_are_one_and_none_is_lost_to_programs(capsys: pytest.CaptureFixture[str]) -> None:
    alike = [Finding("version", "warn", f"database {number}", 1, "is older") for number in range(5)]

    render.show(alike)

    assert capsys.readouterr().out == (
        "warnings\n  version  database 0, database 1, database 2 and 2 more\n      is older\n"
    )
    document = json.loads(json.dumps(render.check_document(alike)))
    assert [finding["place"] for finding in document["findings"]] == [finding.place for finding in alike]


def test_findings_with_another_remedy_are_not_alike(capsys: pytest.CaptureFixture[str]) -> None:
    render.show([Finding("idle", "warn", f"slot {name}", 1, "is idle", remedy=f"drop {name}") for name in "ab"])

    shown = capsys.readouterr().out
    assert ("hint: drop a" in shown, "hint: drop b" in shown, shown.count("  idle  ")) == (True, True, 2)


def test_the_keys_for_programs_are_those_that_each_command_always_had() -> None:
    role, orphan = FINDINGS[6], FINDINGS[5]

    assert render.role_document(role) == {
        "role": "PUBLIC", "kind": "table", "object": "shop.orders", "privileges": ["SELECT"], "direction": "too much",
        "message": "PUBLIC has SELECT on table shop.orders", "sql": GRANT,
    }  # fmt: skip
    assert render.doctor_document(FINDINGS[7]) == {
        "code": "no-backup", "severity": "warn", "service": "auth", "place": "service auth",
        "detail": "there is no backup", "remedy": BACKUP, "check": "",
    }  # fmt: skip
    assert render.check_document([orphan]) == {
        "findings": [
            {
                "code": "orphan", "severity": "block", "place": orphan.place, "count": 1234567,
                "message": orphan.message, "examples": (UUID,) * 10, "action": "fail",
                "policies": ["quarantine", "null"],
            }
        ],
        "blocking": 1,
    }  # fmt: skip
    assert render.drift_document(FINDINGS[:1]) == {"drift": ["wal_level replica"]}
