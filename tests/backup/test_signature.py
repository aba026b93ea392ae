"""A backup is trusted for its signature, whose key lies outside the folder: not for what the folder says of itself."""

import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from backups import Archive
from matrices import some
from worlds import snapshot_of

from payrollx_db.backup import create, manifest, signature
from payrollx_db.backup.manifest import Backup
from payrollx_db.errors import ConfigurationError, FindingsError


def as_other_hands_would(made: Backup, **changes: Any) -> None:
    """Change the manifest and fix its checksum, as anybody can who may write the folder."""
    path = made.folder / manifest.FILE
    document = json.loads(path.read_text()) | changes
    del document["checksum"]
    path.write_text(json.dumps(document | {"checksum": manifest.checksum(document)}))
    manifest.read(made.folder)  # it looks whole


def unsign(made: Backup) -> None:
    (made.folder / signature.FILE).unlink()


def test_a_dump_that_was_exchanged_with_both_checksums_is_refused(reading_archive: Archive) -> None:
    (made,) = reading_archive.backup("auth")
    before = snapshot_of(reading_archive.url)
    made.dump.write_bytes(made.dump.read_bytes() + b"more")
    as_other_hands_would(made, dump_bytes=made.dump.stat().st_size, dump_sha256=manifest.sha256(made.dump))
    manifest.read(made.folder).verify()

    for command in (("restore", "auth"), ("drop", "auth", "--loosen")):
        code, out, err = reading_archive.command(*command, "--yes")
        assert (code, out) == (3, "")
        assert f"{made.folder} was changed after it was signed" in err
    assert snapshot_of(reading_archive.url) == before


def test_an_unsigned_backup_is_taken_only_when_somebody_says_so(archive: Archive) -> None:
    (made,) = archive.backup("transaction")
    unsign(made)

    for command in ("restore", "drop"):
        code, out, err = archive.command(command, "transaction", "--yes", **{
            f"PAYROLLX_SERVICE_{command.upper()}_UNSIGNED": "1", "PAYROLLX_UNSIGNED": "1",
        })  # fmt: skip
        assert (code, out) == (3, "")
        assert "isn't signed" in err
        assert "add --unsigned if you trust" in err

    for command in ("restore", "drop"):
        code, _, err = archive.command(command, "transaction", "--yes", "--unsigned", PAYROLLX_KEY_FILE="/nowhere/key")
        assert code == 0, err


def test_unsigned_doesnt_mean_unchecked(reading_archive: Archive) -> None:
    (made,) = reading_archive.backup("auth")
    unsign(made)
    made.dump.write_bytes(made.dump.read_bytes()[:-9])

    code, _, err = reading_archive.command("restore", "auth", "--yes", "--unsigned")

    assert (code, "is truncated" in err) == (3, True)


def test_another_key_is_told_from_damage(reading_archive: Archive, tmp_path: Path) -> None:
    (made,) = reading_archive.backup("auth")
    other, is_new = signature.load_or_make(tmp_path / "other.key", reading_archive.folder)
    assert is_new

    assert (made.trust(reading_archive.key), made.trust(other)) == ("signed", "other key")
    code, _, err = reading_archive.command("restore", "auth", "--yes", "--key-file", str(other.path))
    assert code == 3
    assert f"was signed with another key than that in {other.path}" in err
    code, _, err = reading_archive.command("restore", "auth", "--yes", "--key-file", str(tmp_path / "none"))
    assert code == 2
    assert f"there is no key in {tmp_path / 'none'}" in err


@pytest.mark.parametrize(
    "text", some(["", "{}", "[]", '{"key": "x", "signature": 7}', '{"key": "é", "signature": "é"}'])
)
def test_a_signature_that_is_none_is_refused(text: str, reading_archive: Archive) -> None:
    (made,) = reading_archive.backup("auth")
    (made.folder / signature.FILE).write_text(text)

    with pytest.raises(FindingsError, match=r"after it was signed|with another key"):
        made.require_signature(reading_archive.key)


def test_a_signature_is_of_one_manifest(reading_archive: Archive) -> None:
    """That of another backup doesn't do, though the same key made it."""
    (one,), (two,) = reading_archive.backup("auth"), reading_archive.backup("auth")
    shutil.copy(one.folder / signature.FILE, two.folder / signature.FILE)

    assert (one.trust(reading_archive.key), two.trust(reading_archive.key)) == ("signed", "changed")


def test_the_first_backup_makes_a_key_that_only_its_owner_reads(reading_archive: Archive, tmp_path: Path) -> None:
    env = {"PAYROLLX_KEY_FILE": "", "XDG_CONFIG_HOME": str(tmp_path / "configuration")}
    file = tmp_path / "configuration" / "payrollx-db" / "backup.key"

    _, _, first = reading_archive.command("backup", "auth", **env)
    _, _, second = reading_archive.command("backup", "auth", **env)

    assert f"made the key {file}" in first
    assert "made the key" not in second
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file.parent, file)] == [0o700, 0o600]
    assert len(bytes.fromhex(file.read_text())) == signature.BYTES
    assert reading_archive.command("list", **env)[1].count("sign") == 0


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda key: key.chmod(0o640), "others may read or write the key file .*: its mode is 0640"),
        (lambda key: key.chmod(0o602), "others may read or write the key file"),
        (lambda key: key.write_text("short"), "holds no key"),
        (lambda key: key.write_bytes(b"x" * 5000), "holds no key"),
        (lambda key: os.chown(key, 12345, -1), "belongs to another user"),
    ],
)
def test_a_key_that_others_may_have_is_refused(spoil: Any, said: str, reading_archive: Archive) -> None:
    key = reading_archive.key.path
    if "another user" in said and os.geteuid() != 0:
        pytest.skip("only root may give a file away")
    spoil(key)

    with pytest.raises(ConfigurationError, match=said):
        signature.load(key, reading_archive.folder)
    with pytest.raises(ConfigurationError, match=said):
        signature.load_or_make(key, reading_archive.folder)


def test_a_key_inside_the_folder_is_refused(reading_archive: Archive, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(reading_archive.folder)
    for path in (reading_archive.folder / "my.key", link / "my.key"):
        code, _, err = reading_archive.command("backup", "auth", "--key-file", str(path))
        assert (code, "lies in the folder of backups" in err) == (2, True)
    assert reading_archive.names == []


def test_a_folder_of_the_keys_own_isnt_made(reading_archive: Archive, tmp_path: Path) -> None:
    """What isn't mounted is noticed, rather than filled with a key of its own."""
    code, _, err = reading_archive.command("backup", "auth", "--key-file", str(tmp_path / "mount" / "my.key"))

    assert (code, "can't be made: No such file" in err) == (2, True)


def test_the_list_says_what_it_cant_trust(reading_archive: Archive, tmp_path: Path) -> None:
    made = {one.manifest.service: one for one in reading_archive.backup("auth", "wallet", "payroll")}
    unsign(made["wallet"])
    as_other_hands_would(made["payroll"], taken_at="2099-01-01T00:00:00+00:00")

    signatures = {one["service"]: one["last_backup_signature"] for one in reading_archive.answer("list")}
    _, out, _ = reading_archive.command("list")
    expected = {"auth": "signed", "wallet": "unsigned", "payroll": "changed", "employee": None}
    assert {name: signatures[name] for name in expected} == expected
    assert out.count("(not signed)") == out.count("(changed after it was signed)") == 1
    code, out, err = reading_archive.command("list", "--key-file", str(tmp_path / "none"))
    assert (code, out.count("(signature not checked)")) == (0, 3)
    assert "no signature was checked: there is no key in" in err


def test_planted_backups_dont_have_ours_deleted(reading_archive: Archive) -> None:
    ours = [reading_archive.backup("auth")[0] for _ in range(3)]
    old = reading_archive.folder / "auth-20200101T000000.000Z"
    shutil.copytree(ours[0].folder, old)
    as_other_hands_would(manifest.read(old), taken_at="2020-01-01T00:00:00+00:00")
    for year in (2098, 2099):
        planted = reading_archive.folder / f"auth-{year}0101T000000.000Z"
        shutil.copytree(ours[0].folder, planted)
        as_other_hands_would(manifest.read(planted), taken_at=f"{year}-01-01T00:00:00+00:00")

    gone = create.prune(reading_archive.folder, ours[-1], 2, reading_archive.key)

    assert {one.folder for one in gone} == {ours[0].folder, old}
