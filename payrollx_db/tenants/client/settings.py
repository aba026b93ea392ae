"""How a process deals with its tenants, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from payrollx_db.errors import ConfigurationError

SHORTEST_KEY = 32


@dataclass(frozen=True)
class TenantSettings:
    """What a process may remember of tenants, and how many databases of their own it keeps open.

    ``PAYROLLX_TENANT_STALENESS`` (5 s) is the longest that a change of the registry may go unseen,
    ``PAYROLLX_TENANT_DATABASES`` (100) how many databases of tenants are open at once, ``PAYROLLX_TENANT_IDLE``
    (1800 s) after how long without a session one is closed. ``PAYROLLX_TENANT_KEY`` is the key that proves whose a
    session is, where only services know it; without it, the server proves it. ``PAYROLLX_TENANT_LISTEN_URL`` is the
    registry's database without a pooler, to listen there.
    """

    staleness: int = 5
    databases: int = 100
    idle: int = 1800
    key: str = field(default="", repr=False)
    listen_url: str = field(default="", repr=False)

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "TenantSettings":
        """Read them from ``environ``. Raises ConfigurationError, naming the variable."""
        key = environ.get("PAYROLLX_TENANT_KEY", "")
        if key and len(key) < SHORTEST_KEY:
            raise ConfigurationError(
                f"PAYROLLX_TENANT_KEY has fewer than {SHORTEST_KEY} characters",
                hint="make a random one of at least so many, and give it to payrollx_tenants.use_key as well",
            )
        return cls(
            _whole(environ, "PAYROLLX_TENANT_STALENESS", cls.staleness),
            _whole(environ, "PAYROLLX_TENANT_DATABASES", cls.databases),
            _whole(environ, "PAYROLLX_TENANT_IDLE", cls.idle),
            key,
            environ.get("PAYROLLX_TENANT_LISTEN_URL", ""),
        )


def _whole(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise ConfigurationError(f"{name} is {text!r}", hint="set it to a whole number, 1 or more")
    return int(text)
