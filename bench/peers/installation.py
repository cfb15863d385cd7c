"""A Django project with a migrated database and users, shared by all rounds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.contender import Bench
from tests.services import environment


@dataclass(frozen=True)
class Installation:
    """The environment of its servers, and the access tokens of users 1 to N."""

    env: Mapping[str, str]
    tokens: Sequence[str]


def install(bench: Bench, env: Mapping[str, str], users: int) -> Installation:
    """Return the run's installation at DATABASE_URL, with at least so many users."""
    url = env["DATABASE_URL"]

    def migrated() -> str:
        bench.progress(f"migrating {url.rpartition('/')[2]}")
        return run_python(["-m", "django", "migrate", "--verbosity=0"], env)

    def tokens() -> list[str]:
        return run_python(["-m", "bench.peers.users", str(users)], env).split()

    bench.once(url, migrated)
    return Installation(env, bench.once(f"{url} {users}", tokens))


def run_python(arguments: Sequence[str], env: Mapping[str, str]) -> str:
    """Run a program in a server's environment and return its output.

    Raises RuntimeError, with what it complained of, when it fails.
    """
    finished = subprocess.run(
        [sys.executable, *arguments],
        env=environment.of_a_server() | dict(env),
        cwd=environment.ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise RuntimeError(f"{arguments} ended with {finished.returncode}:\n{finished.stderr}")
    return finished.stdout
