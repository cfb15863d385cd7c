"""Databases with all tables and no row of anybody, made once for a schema and then copied.

The migrations take seconds of CPU, a copy takes milliseconds. What was made is kept beside
pytest's cache, under the digest of all that decides on a schema: the workers of a run share it,
and so does the next run.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import importlib.metadata
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg

from tests.services import environment
from tests.services.process import run_python

FOLDER = environment.ROOT / ".pytest_cache" / "templates"
PACKAGES = ("hoardrun", "notifications", "realtime")
# What migrations import of ours beyond models, and what `migrate` makes at its end.
ALSO = (
    "hoardrun/ledger/currencies.py",
    "hoardrun/ledger/fields.py",
    "hoardrun/ledger/holders.py",
    "hoardrun/ledger/journal/triggers.py",
    "hoardrun/market/scaled.py",
    "hoardrun/settings.py",
    "realtime/append_only.py",
    "realtime/clock.py",
)
KEPT_SECONDS = 7 * 86400  # a template that nobody asks for


def of_sqlite() -> Path:
    """Return a migrated SQLite file, to copy."""
    return _once(f"{_digest()}.sqlite3", migrate_sqlite)


def migrate_sqlite(path: Path, settings: str = environment.SETTINGS) -> None:
    """Make a migrated SQLite file that holds all there is, with no log beside it."""
    migrate(f"sqlite:///{path}", settings)
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA journal_mode = DELETE")


def migrate(url: str, settings: str = environment.SETTINGS) -> None:
    """Make all tables of a database."""
    chosen = {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": settings}
    run_python("manage.py", "migrate", "--verbosity=0", env=environment.of_a_server() | chosen)


def of_postgres(version: str, make: Callable[[Path], None]) -> str:
    """Return the SQL that makes all tables; `make` writes it where no run has done so yet."""
    return _once(f"{_digest()}-postgres-{version}.sql", make).read_text()


def copy_sqlite(template: Path, path: Path) -> str:
    """Copy a SQLite file and return the DATABASE_URL of the copy."""
    with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
    return f"sqlite:///{path}"


def is_migrated(url: str) -> bool:
    """Say whether a PostgreSQL database has every migration of ours."""
    with psycopg.connect(url) as connection:
        [there] = connection.execute("SELECT to_regclass('django_migrations')").fetchone() or [None]
        rows = connection.execute("SELECT app, name FROM django_migrations") if there else ()
        return _migrations() <= set(rows)


@functools.cache
def _migrations() -> frozenset[tuple[str, str]]:
    """Return app and name of every migration of ours."""
    return frozenset(
        (path.parents[1].name, path.stem)
        for path in _sources()
        if path.parent.name == "migrations" and path.stem != "__init__"
    )


def _sources() -> Iterator[Path]:
    for package in PACKAGES:
        folder = environment.ROOT / package
        for pattern in ("migrations/*.py", "models.py", "models/*.py"):
            yield from folder.rglob(pattern)
    yield from (environment.ROOT / name for name in ALSO)


@functools.cache
def _digest() -> str:
    """Return the digest of all that decides on a schema: our sources, and who reads them."""
    found = hashlib.sha256(importlib.metadata.version("django").encode())
    found.update(sqlite3.sqlite_version.encode())
    for path in sorted(set(_sources())):
        found.update(f"\0{path.relative_to(environment.ROOT)}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _once(name: str, make: Callable[[Path], None]) -> Path:
    """Return the file of that name; make it where it is missing, while other processes wait."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / name
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _forget_old()
            unfinished = FOLDER / f"unfinished-{name}"
            unfinished.unlink(missing_ok=True)
            make(unfinished)
            unfinished.rename(path)
        os.utime(path)
    return path


def _forget_old() -> None:
    for path in FOLDER.iterdir():
        if time.time() - path.stat().st_mtime > KEPT_SECONDS:
            path.unlink(missing_ok=True)
