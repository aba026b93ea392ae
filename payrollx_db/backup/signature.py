"""Who wrote a backup: its manifest, which holds the dump's hash, is signed with a key that lies outside the folder.

A restore runs what a dump says, so whoever can write the folder of backups could have anything run: checksums find
damage, and anyone can compute them anew. Only who has the key can sign (HMAC-SHA256).
"""

import hashlib
import hmac
import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import platformdirs

from payrollx_db.errors import ConfigurationError

FILE = "signature.json"
ALGORITHM = "HMAC-SHA256"
PURPOSE = b"payrollx-db backup manifest 1\n"  # the same key signs nothing else by accident
NAMING = b"payrollx-db key name 1\n"

BYTES = 32  # of a key that is made here, and the least that one may have
MOST = 4096  # a longer file is something else

Trust = Literal["signed", "unsigned", "other key", "changed"]


@dataclass(frozen=True)
class Key:
    """A key: the file that holds it, and its bytes."""

    path: Path
    secret: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """What tells this key from others, and gives nothing of it away."""
        return hmac.new(self.secret, NAMING, hashlib.sha256).hexdigest()[:16]

    def sign(self, data: bytes) -> str:
        """Return the text of the signature's file for a manifest of these bytes."""
        document = {"algorithm": ALGORITHM, "key": self.name, "signature": self._signature(data)}
        return json.dumps(document, indent=1) + "\n"

    def judge(self, folder: Path, data: bytes) -> Trust:
        """Tell whether this key signed the manifest of these bytes, by the signature's file in ``folder``.

        Raises ConfigurationError where that file can't be read.
        """
        try:
            document = json.loads((folder / FILE).read_bytes())
            name, given = str(document["key"]), str(document["signature"])
        except (FileNotFoundError, NotADirectoryError):
            return "unsigned"
        except OSError as error:
            raise ConfigurationError(f"{folder / FILE} can't be read: {error.strerror}") from None
        except (ValueError, KeyError, TypeError):
            return "changed"
        if hmac.compare_digest(given.encode(), self._signature(data).encode()):
            return "signed"
        return "changed" if name == self.name else "other key"

    def signature_of(self, data: bytes, purpose: bytes) -> str:
        """Return the signature of ``data``; one for another ``purpose`` differs."""
        return hmac.new(self.secret, purpose + data, hashlib.sha256).hexdigest()

    def _signature(self, data: bytes) -> str:
        return self.signature_of(data, PURPOSE)


def default_file() -> Path:
    """Return the key's file in the user's configuration folder."""
    return platformdirs.user_config_path("payrollx-db") / "backup.key"


def load(path: Path | None, backups: Path) -> Key:
    """Read the key in ``path`` (default: the user's own), to check what lies in the folder ``backups``.

    Raises ConfigurationError where there is none, where others may read it or own it, or where it lies in that folder.
    """
    file = _outside(path, backups)
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no key in {file} to check signatures of backups with",
            hint="name the file with the key that signed them: --key-file",
        ) from None
    except OSError as error:
        raise ConfigurationError(f"the key file {file} can't be read: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as opened:
        _refuse_if_exposed(file, os.fstat(descriptor))
        secret = opened.read(MOST + 1).strip()
    if not BYTES <= len(secret) <= MOST:
        raise ConfigurationError(
            f"{file} holds no key: that has at least {BYTES} bytes, and at most {MOST}",
            hint="name another file with --key-file; payrollx-db service backup makes it where there is none",
        )
    return Key(file, secret)


def load_or_make(path: Path | None, backups: Path) -> tuple[Key, bool]:
    """Read the key as `load` does; where there is no file, make one that only its owner may read.

    Returns the key, and whether it is new. The user's configuration folder is made as well, no other. Raises
    ConfigurationError also where the file can't be written.
    """
    file = _outside(path, backups)
    if file.exists():
        return load(path, backups), False
    try:
        if path is None:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_new = _make(file)
    except OSError as error:
        raise ConfigurationError(
            f"the key file {file} can't be made: {error.strerror}", hint="name another with --key-file"
        ) from None
    return load(path, backups), is_new


def _make(file: Path) -> bool:
    """Write a new key; where another process has just made one, leave that, and return False."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(secrets.token_hex(BYTES) + "\n")
            opened.flush()
            os.fsync(descriptor)
        os.link(part, file)  # whole or not there, and never over one that is
    except FileExistsError:
        return False
    finally:
        part.unlink()
    return True


def _outside(path: Path | None, backups: Path) -> Path:
    file = (path or default_file()).expanduser().absolute()
    if file.resolve().is_relative_to(backups.resolve()):
        raise ConfigurationError(
            f"the key file {file} lies in the folder of backups {backups}",
            hint="keep it elsewhere: who can write that folder is not to have the key",
        )
    return file


def _refuse_if_exposed(file: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ConfigurationError(f"the key file {file} is no regular file")
    if os.name == "nt":  # which has neither modes nor owners of this kind
        return
    if status.st_mode & 0o077:
        raise ConfigurationError(
            f"others may read or write the key file {file}: its mode is {stat.S_IMODE(status.st_mode):04o}",
            hint=f"make a new key if one of them may have read it; else chmod 600 {file}",
        )
    if status.st_uid not in (0, os.geteuid()):
        raise ConfigurationError(
            f"the key file {file} belongs to another user", hint="name one of your own with --key-file"
        )
