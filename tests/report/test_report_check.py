"""A report held against the database again: what was edited, or has changed since, is noticed."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from run_reports import checked, document_of, edit_number, written
from worlds import World, query

from payrollx_db.errors import ConfigurationError, FindingsError
from payrollx_db.model.events import Notice
from payrollx_db.postgres.compare import Fingerprint
from payrollx_db.report import checksum
from payrollx_db.report.page import page


def test_a_true_report_passes(verified: World, tmp_path: Path) -> None:
    file = written(verified, tmp_path)
    as_json = tmp_path / "report.json"
    as_json.write_text(verified.command("report", "--json").stdout, encoding="utf-8")

    for one in (file, as_json):
        found = checked(verified, one)
        assert found.identical, (found.record, [str(t) for t in found.tables])
        assert found.same_database
        assert all(table.hashed for table in found.tables)
        assert len(found.tables) == 13


def test_it_passes_after_more_verifications(changed: World, tmp_path: Path) -> None:
    file = written(changed, tmp_path)
    changed.verify("auth")

    assert checked(changed, file).identical


@pytest.mark.parametrize(
    ("table", "statement", "said"),
    [
        ("auth.users", "UPDATE auth.users SET role = '?' WHERE id = (SELECT id FROM auth.users LIMIT 1)",
         "other values in 1 of"),
        ("auth.refresh_tokens", "DELETE FROM auth.refresh_tokens", "0 there"),
        ("wallet.wallets", "ALTER TABLE wallet.wallets RENAME COLUMN public_key TO key", "has no column public_key"),
        ("auth.audit_logs", "ALTER TABLE auth.audit_logs RENAME TO logs", "is not there"),
    ],
)  # fmt: skip
def test_another_table_fails_and_is_named(
    changed: World, tmp_path: Path, table: str, statement: str, said: str
) -> None:
    file = written(changed, tmp_path)
    query(changed.target, statement)

    (wrong,) = [one for one in checked(changed, file).tables if not one.identical]

    assert wrong.target == table
    assert said in str(wrong)


def test_rows_are_counted_where_nothing_was_verified(changed: World, tmp_path: Path) -> None:
    query(changed.target, "DELETE FROM payrollx_meta.verifications")
    file = written(changed, tmp_path)
    found = checked(changed, file)
    assert found.identical
    assert not any(table.hashed for table in found.tables)

    query(changed.target, "DELETE FROM auth.refresh_tokens")

    wrong = [table.target for table in checked(changed, file).tables if not table.identical]
    assert wrong == ["auth.refresh_tokens"]


def test_another_database_with_the_same_rows(changed: World, verified: World, tmp_path: Path) -> None:
    found = checked(changed, written(verified, tmp_path))

    assert (found.identical, found.same_database) == (True, False)
    assert any(isinstance(event, Notice) for event in changed.events)


def edit_data(text: str) -> str:
    return re.sub(r'("rows_read":)\d+', r"\g<1>1", text, count=1)


def edit_seal(text: str) -> str:
    return re.sub(r'("seal":")\w', r"\g<1>-", text, count=1)


def edit_style(text: str) -> str:
    return text.replace("</style>", ".differs { display: none; }</style>", 1)


def add_script(text: str) -> str:
    return text.replace("</body>", "<script>document.title = 'x'</script></body>", 1)


@pytest.mark.parametrize("edit", [edit_number, edit_data, edit_seal, edit_style, add_script])
def test_an_edited_page_is_refused(verified: World, tmp_path: Path, edit: Callable[[str], str]) -> None:
    file = written(verified, tmp_path)
    text = file.read_text(encoding="utf-8")
    assert edit(text) != text
    file.write_text(edit(text), encoding="utf-8")

    with pytest.raises(FindingsError, match="has been edited"):
        checksum.opened(file)


def test_edited_and_sealed_again_it_is_not_what_is_recorded(verified: World, tmp_path: Path) -> None:
    document = document_of(verified)
    document["tables"][0]["rows_read"] += 1
    document["seal"] = checksum.seal_of(document)
    file = tmp_path / "forged.html"
    file.write_text(page(document), encoding="utf-8")

    found = checked(verified, file)

    assert not found.identical
    (place,) = found.record
    assert "rows_read" in place
    assert document["tables"][0]["source"] in place


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", "hello", '{"format": "payrollx-db report 1"}', "<html>\xff</html>", None]
)
def test_what_is_no_report_is_refused(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "none.html"
    if text is not None:
        file.write_bytes(text.encode("latin-1"))

    with pytest.raises((ConfigurationError, FindingsError), match=file.name):
        checksum.opened(file)


def test_nonsense_that_is_sealed_is_no_report(tmp_path: Path) -> None:
    document: dict[str, Any] = {"format": checksum.FORMAT, "run": "x"}
    file = tmp_path / "nonsense.json"
    file.write_text(json.dumps(document | {"seal": checksum.seal_of(document)}), encoding="utf-8")

    with pytest.raises(ConfigurationError, match="is no report"):
        checksum.opened(file)


def test_a_page_of_another_version_says_so(verified: World, tmp_path: Path) -> None:
    document = document_of(verified)
    document["made"] |= {"page_version": "0" * 16, "tool_version": "9.9.9"}
    document["seal"] = checksum.seal_of(document)
    file = tmp_path / "other.html"
    file.write_text(page(document) + "\n", encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"9\.9\.9"):
        checksum.opened(file)


def test_folding_buckets_loses_nothing() -> None:
    sums = {number: (number % 3, str(number * 10**17)) for number in range(1024)}
    folded = Fingerprint.of(sums, 1024)

    assert folded.count == 256
    assert folded.rows == sum(rows for rows, _ in sums.values())
    assert sum(int(total) for _, total in folded.buckets.values()) == sum(int(total) for _, total in sums.values())
    assert folded.digest != Fingerprint.of(sums | {7: (0, "7")}, 1024).digest
