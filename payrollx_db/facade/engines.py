"""Which database a service lives in, and the one engine that a process has for it.

``DATABASE_URL`` is the unified database; ``<SERVICE>_DATABASE_URL`` puts one service elsewhere. All services of one
URL share one engine and so one pool. Nothing connects, and no engine is made, before the first use.
"""

import asyncio
import os
import re
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine, create_engine

from payrollx_db.errors import BoundaryError, ConfigurationError, PoolUsedUpError
from payrollx_db.facade import drivers
from payrollx_db.facade.transaction_settings import Isolation, TransactionSettings
from payrollx_db.facade.variables import PLACING, url_of
from payrollx_db.facade.wall import ACTIVE_SERVICE, ActiveService, ServiceScope, Wall, catalog_at
from payrollx_db.postgres.url import DatabaseUrl

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

ONLY = "PAYROLLX_SERVICE"
DURATION = re.compile(r"\d+ ?(ms|s|min|h|d)?")


@dataclass(frozen=True)
class PoolSettings:
    """How large an engine's pool is and how long things may take, from the environment (`read`).

    The defaults fit eight services with a few processes each on a server of a few hundred connections:
    ``PAYROLLX_POOL_SIZE`` (5) connections are kept, ``PAYROLLX_POOL_OVERFLOW`` (5) more are made when needed,
    ``PAYROLLX_POOL_TIMEOUT`` (30 s) is how long one waits for one, ``PAYROLLX_POOL_RECYCLE`` (1800 s) how old one
    gets, ``PAYROLLX_CONNECT_TIMEOUT`` (10 s) how long connecting may take; these are whole seconds.
    ``PAYROLLX_STATEMENT_TIMEOUT``, ``PAYROLLX_LOCK_TIMEOUT`` and ``PAYROLLX_IDLE_TIMEOUT`` (inside a transaction) are
    durations as the server reads them (``500ms``, ``30s``, ``5min``; a bare number is of seconds), by default its own.
    ``PAYROLLX_APPLICATION_NAME`` is what the server shows; by default the process's service, or payrollx.
    """

    size: int = 5
    overflow: int = 5
    timeout: int = 30
    recycle: int = 1800
    connect_timeout: int = 10
    statement_timeout: str = ""
    lock_timeout: str = ""
    idle_timeout: str = ""
    application_name: str = "payrollx"

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "PoolSettings":
        """Read them from ``environ``. Raises ConfigurationError, naming the variable."""
        default = cls()
        service = environ.get(ONLY, "")
        return cls(
            _whole(environ, "POOL_SIZE", default.size, least=1),
            _whole(environ, "POOL_OVERFLOW", default.overflow),
            _whole(environ, "POOL_TIMEOUT", default.timeout),
            _whole(environ, "POOL_RECYCLE", default.recycle),
            _whole(environ, "CONNECT_TIMEOUT", default.connect_timeout, least=1),
            _duration(environ, "STATEMENT_TIMEOUT"),
            _duration(environ, "LOCK_TIMEOUT"),
            _duration(environ, "IDLE_TIMEOUT"),
            environ.get("PAYROLLX_APPLICATION_NAME")
            or (f"payrollx-{service}" if service else default.application_name),
        )

    @property
    def local(self) -> tuple[tuple[str, str], ...]:
        """What each transaction sets for itself: poolers hand on no settings of a session."""
        limits = (
            ("statement_timeout", self.statement_timeout),
            ("lock_timeout", self.lock_timeout),
            ("idle_in_transaction_session_timeout", self.idle_timeout),
        )
        return tuple((name, duration) for name, duration in limits if duration)


@dataclass(frozen=True, eq=False)
class Place:
    """One database as one kind of session sees it: its URL, its engine, and the engine as each service has it."""

    url: DatabaseUrl
    engine: Engine
    settings: PoolSettings
    _scopes: dict[Any, ServiceScope] = field(default_factory=dict, repr=False)
    _views: dict[Any, Engine] = field(default_factory=dict, repr=False)

    def view(self, wall: Wall, isolation: Isolation | None = None, *, read_only: bool = False) -> Engine:
        """Return the engine for transactions of ``wall`` that run so; all such share one pool."""
        key = (wall, isolation, read_only)
        view = self._views.get(key)
        if view is None:
            view = self._views[key] = self.shared_view(ActiveService(self.scope(*key)))
        return view

    def shared_view(self, active: ActiveService) -> Engine:
        """Return the engine for transactions of whose turn ``active`` says it is."""
        return self.engine.execution_options(**{ACTIVE_SERVICE: active})

    def scope(self, wall: Wall, isolation: Isolation | None = None, read_only: bool = False) -> ServiceScope:
        """Return what holds a transaction on this database to ``wall``."""
        key = (wall, isolation, read_only)
        scope = self._scopes.get(key)
        if scope is None:
            settings = TransactionSettings(wall.role, wall.schema, isolation, read_only, self.settings.local)
            scope = self._scopes.setdefault(key, ServiceScope(wall, settings, self.url))
        return scope

    def used_up(self) -> PoolUsedUpError:
        """Return the error for a pool of which no connection came free in time."""
        most = self.settings.size + self.settings.overflow
        return PoolUsedUpError(
            f"all {most} connections to {self.url} stayed in use for {self.settings.timeout} s",
            hint="keep transactions short, or raise PAYROLLX_POOL_SIZE; payrollx-db pool-budget says what fits",
        )


MakeEngine = Callable[..., Engine]

_lock = threading.RLock()
_places: dict[tuple[str, str], Place] = {}
_async_places: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str], Place]] = (
    weakref.WeakKeyDictionary()
)


def apart(wall: Wall) -> tuple[tuple[str, str], ...]:
    """Return the schemas of other services that ``wall`` may read and that are in another database than it is.

    Each with the (masked) URL of that database. The catalog is imported only where a variable places somebody by
    itself; where a service is that no variable places stays the server's to say.
    """
    placing = {name for name in os.environ if name.endswith(PLACING) and not name.startswith("LEGACY_")}
    if not wall.reads or not placing:
        return ()
    owners = _owners(wall.catalog)
    places: dict[str, DatabaseUrl] = {}
    for schema in {table.partition(".")[0] for table in wall.reads}:
        try:
            places[schema] = url_of(owners[schema])
        except ConfigurationError:
            continue
    here = url_of(wall.name).place
    return tuple((schema, url.masked) for schema, url in sorted(places.items()) if url.place != here)


def refuse_other_services(wall: Wall) -> None:
    """Raise BoundaryError where ``PAYROLLX_SERVICE`` makes this process another service than ``wall`` is for.

    Raises ConfigurationError where it names no service.
    """
    only, name = os.environ.get(ONLY), wall.name
    if only and only != name:
        names = [service.name for service in wall.catalog_services()]
        if only not in names:
            raise ConfigurationError(
                f"{ONLY} is {only!r}, which is no service", hint=f"set it to one of {', '.join(names)}, or unset it"
            )
        raise BoundaryError(
            f"this process is the {only} service, and may not open {name}",
            hint=f"do that in another process, or ask that service; {ONLY} says whose process this is",
        )


def place(url: DatabaseUrl) -> Place:
    """Return the process's place for ordinary sessions on ``url``, made on first use."""
    return _place(_places, url, drivers.sync_driver(url), create_engine)


def async_place(url: DatabaseUrl) -> Place:
    """Return the place for async sessions on ``url`` of the running event loop; its connections belong to that loop."""
    from sqlalchemy.ext.asyncio import create_async_engine

    with _lock:
        places = _async_places.setdefault(asyncio.get_running_loop(), {})
    driver = drivers.async_driver(url)
    return _place(places, url, driver, lambda *at, **how: create_async_engine(*at, **how).sync_engine)


def separate_place(url: DatabaseUrl, settings: PoolSettings) -> Place:
    """Return a place that the process doesn't remember: whoever asked for it closes its engine."""
    return _make(url, drivers.sync_driver(url), create_engine, settings)


def separate_async_place(url: DatabaseUrl, settings: PoolSettings) -> Place:
    """Return a place for async sessions of the running event loop that the process doesn't remember."""
    from sqlalchemy.ext.asyncio import create_async_engine

    return _make(
        url, drivers.async_driver(url), lambda *at, **how: create_async_engine(*at, **how).sync_engine, settings
    )


def async_engine(view: Engine) -> "AsyncEngine":
    """Return the async face of a view of an async place."""
    from sqlalchemy.ext.asyncio import AsyncEngine

    return AsyncEngine(view)


def dispose() -> None:
    """Close all pools of ordinary sessions in this process; what is in use is closed when it comes back."""
    with _lock:
        for place in _places.values():
            place.engine.dispose()


# -- private ------------------------------------------------------------------------------------------


def _place(places: dict[tuple[str, str], Place], url: DatabaseUrl, driver: str, make: MakeEngine) -> Place:
    key = (url.identity, driver)
    place = places.get(key)
    if place is None:
        with _lock:
            place = places.get(key) or places.setdefault(key, _make(url, driver, make))
    return place


def _make(url: DatabaseUrl, driver: str, make: MakeEngine, settings: PoolSettings | None = None) -> Place:
    from payrollx_db.facade import dialects  # what only a process needs that has sessions
    from payrollx_db.facade.guard import guard

    settings = settings or PoolSettings.read(os.environ)
    arguments = drivers.connect_arguments(
        driver, url, application_name=settings.application_name, timeout=settings.connect_timeout
    )
    level = drivers.isolation_level(driver)
    engine = make(
        URL.create(dialects.scheme(driver)),  # the rest is in the arguments, so that no repr shows a password
        database_url=url,
        connect_args=arguments,
        pool_size=settings.size,
        max_overflow=settings.overflow,
        pool_timeout=settings.timeout,
        pool_recycle=settings.recycle,
        pool_pre_ping=True,
        hide_parameters=True,
        **({"isolation_level": level} if level else {}),
    )
    guard(engine)
    return Place(url, engine, settings)


@lru_cache(maxsize=8)
def _owners(catalog: str) -> dict[str, str]:
    """Return which service has each schema of the catalog at ``package.module:name``."""
    return {service.schema: service.name for service in catalog_at(catalog).services}


def _whole(environ: Mapping[str, str], name: str, default: int, least: int = 0) -> int:
    text = environ.get(f"PAYROLLX_{name}", "")
    if not text:
        return default
    if not text.isdecimal() or int(text) < least:
        raise ConfigurationError(f"PAYROLLX_{name} is {text!r}", hint=f"set it to a whole number, {least} or more")
    return int(text)


def _duration(environ: Mapping[str, str], name: str) -> str:
    text = environ.get(f"PAYROLLX_{name}", "")
    if text and not DURATION.fullmatch(text):
        raise ConfigurationError(
            f"PAYROLLX_{name} is {text!r}, which is no duration", hint="give a number and ms, s, min, h or d: 30s"
        )
    return f"{text}s" if text.isdigit() else text


def _after_fork() -> None:
    """The parent's connections are the parent's: forget them, without closing them."""
    global _lock  # noqa: PLW0603 - another thread of the parent may have held it at the fork
    _lock = threading.RLock()
    for place in _places.values():
        place.engine.dispose(close=False)
    _async_places.clear()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_after_fork)
