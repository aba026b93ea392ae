"""Who the server runs as. Postgres refuses root, so for root every child process drops to another account."""

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from payrollx_db.errors import DevServerError

PASSED_ON = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP")
CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """An unprivileged account of this machine."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Outcome:
    """How a program ended: its exit code, and what it wrote to stdout and stderr together."""

    code: int
    output: str


def service_account() -> Account | None:
    """Return the account that the server's programs run as; ``None`` means the caller's own.

    Raises DevServerError where the caller is root and the machine has no account to drop to.
    """
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd

    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise DevServerError(
        "postgres doesn't run as root, and there is no account to drop to",
        hint=f"add one of the accounts {', '.join(CANDIDATES)}, or run as an ordinary user",
    )


def run(argv: Sequence[str | Path], *, home: Path, account: Account | None, timeout: float = 180) -> Outcome:
    """Run a program as ``account`` in ``home`` and wait for it.

    The child gets a small environment of its own: the caller's may hold URLs with passwords, and a
    server's environment can be read by everything that runs under its account. Its output goes to a
    file, since a server that inherits a pipe would keep it open for ever.

    Raises PermissionError where the account can't reach the program, and DevServerError where the
    program isn't there, the account can't be switched to, or it takes longer than ``timeout`` seconds.
    """
    environment = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
    environment |= {"HOME": str(home), "LC_ALL": "C"}
    with tempfile.TemporaryFile() as output:
        try:
            done = subprocess.run(
                [str(part) for part in argv],
                cwd=home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                check=False,
                **_identity(account),
            )
        except subprocess.TimeoutExpired:
            raise DevServerError(f"{Path(argv[0]).name} took longer than {timeout:.0f} s") from None
        except OSError as failure:
            raise _to_error(failure, argv[0], account) from None
        output.seek(0)
        return Outcome(done.returncode, output.read().decode(errors="replace").strip())


def _identity(account: Account | None) -> dict[str, Any]:
    if sys.platform == "win32":
        return {}
    if account is None:
        return {"umask": 0o077}
    return {"umask": 0o077, "user": account.uid, "group": account.gid, "extra_groups": []}


def _to_error(failure: OSError, program: str | Path, account: Account | None) -> Exception:
    if failure.errno == errno.EACCES:
        return PermissionError(failure.errno, f"{account.name if account else 'this user'} can't reach {program}")
    if failure.errno == errno.EPERM and account:
        return DevServerError(
            f"root may not switch to the account {account.name} here",
            hint="run as an ordinary user, or give the container the capabilities SETUID and SETGID",
        )
    return DevServerError(f"{program} can't be run: {failure.strerror}")
