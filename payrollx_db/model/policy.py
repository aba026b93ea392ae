"""Policies: what becomes of rows that can't be copied as they are, and whether triggers may fire that change rows.

Nothing is decided without one. A policy is ``CODE=ACTION``, or ``CODE:table.column=ACTION`` for one place (of triggers
``trigger:table=fire``). The narrower one wins; of two alike, the later. In a TOML file they stand in a table
``[policies]``: ``"orphan:wallets.employeeId" = "quarantine"``.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from payrollx_db.errors import ConfigurationError

FAIL = "fail"

ACTIONS: dict[str, tuple[str, ...]] = {
    "unconvertible": ("quarantine",),
    "enum-unknown": ("quarantine",),
    "undefined-character": ("quarantine",),
    "null": ("quarantine",),
    "duplicate": ("quarantine",),
    "case-collision": ("quarantine",),
    "check-violated": ("quarantine",),
    "no-partition": ("quarantine",),
    "exclusion": ("quarantine",),
    "uncomputable": ("quarantine",),
    "too-large": ("quarantine",),
    "orphan": ("quarantine", "null"),
    "lossy": ("round", "quarantine"),
    "drift": ("owner", "newest"),
    "stranded": ("owner", "adopt"),
    "trigger": ("fire",),
    "irreversible": ("accept",),
    "moved-out": ("discard",),
}


@dataclass(frozen=True)
class Policy:
    """One decision: for findings of ``code`` (at ``place``, if any), do ``action``."""

    code: str
    action: str
    place: str = ""

    @classmethod
    def parse(cls, text: str) -> "Policy":
        """Read ``CODE[:table.column]=ACTION``. Raises ConfigurationError, naming what is allowed."""
        key, _, action = text.partition("=")
        code, _, place = key.strip().partition(":")
        return cls.checked(code, place, action.strip(), text)

    @classmethod
    def checked(cls, code: str, place: str, action: str, text: str) -> "Policy":
        """Return the policy. Raises ConfigurationError where ``code`` or its ``action`` isn't known."""
        if code not in ACTIONS:
            raise ConfigurationError(f"policy {text!r}: there is no finding {code!r}", hint=f"use {', '.join(ACTIONS)}")
        allowed = (FAIL, *ACTIONS[code])
        if action not in allowed:
            raise ConfigurationError(
                f"policy {text!r}: {action!r} is not an action for {code}", hint=f"use {', '.join(allowed)}"
            )
        return cls(code, action, place)

    def __str__(self) -> str:
        return f"{self.code}{':' if self.place else ''}{self.place}={self.action}"

    def fits(self, code: str, place: str) -> bool:
        """Tell whether this speaks of findings of ``code`` at ``place`` (``database.schema.table.column``).

        A policy's place may leave out the database, and the schema.
        """
        if code != self.code:
            return False
        database, _, rest = place.partition(".")
        without_schema = rest.partition(".")[2]
        return self.place in ("", place, rest, without_schema, f"{database}.{without_schema}")


@dataclass(frozen=True)
class Policies:
    """All policies of a run, in the order in which they were given."""

    all: tuple[Policy, ...] = ()

    @classmethod
    def read(cls, texts: Iterable[str] = (), file: Path | None = None) -> "Policies":
        """Return the policies of ``file`` (TOML) and of ``texts``, which come later. Raises ConfigurationError."""
        return cls((*(_from_file(file) if file else ()), *(Policy.parse(text) for text in texts)))

    def action(self, code: str, place: str) -> str:
        """Return what to do about findings of ``code`` at ``place``; ``fail`` where no policy says."""
        fitting = [policy for policy in self.all if policy.fits(code, place)]
        narrow = [policy for policy in fitting if policy.place]
        chosen = narrow or fitting
        return chosen[-1].action if chosen else FAIL


def _from_file(file: Path) -> Iterable[Policy]:
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"can't read the policies in {file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the policies in {file} are not valid TOML: {error}") from None
    unknown = sorted(document.keys() - {"policies"})
    if unknown or not isinstance(document.get("policies", {}), dict):
        raise ConfigurationError(
            f"{file} may hold one table, [policies]", hint='write lines like "orphan" = "quarantine"'
        )
    policies = []
    for key, action in document.get("policies", {}).items():
        code, _, place = key.partition(":")
        policies.append(Policy.checked(code, place, str(action), f"{key} = {action}"))
    return policies
