"""A Django project with a migrated database and users, shared by all rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.contender import Bench
from tests.services import environment
from tests.services.process import run_python


@dataclass(frozen=True)
class Installation:
    """The whole environment of its servers, and the access tokens of users 1 to N."""

    env: Mapping[str, str]
    tokens: Sequence[str]


def install(bench: Bench, env: Mapping[str, str], users: int) -> Installation:
    """Return the run's installation at DATABASE_URL, with at least `users` users."""
    url = env["DATABASE_URL"]
    env = environment.of_a_server() | dict(env)

    def migrated() -> object:
        bench.progress(f"migrating {url.rpartition('/')[2]}")
        return run_python("-m", "django", "migrate", "--verbosity=0", env=env)

    def tokens() -> list[str]:
        return run_python("-m", "bench.peers.users", str(users), env=env).stdout.split()

    bench.once(url, migrated)
    return Installation(env, bench.once(f"{url} {users}", tokens))
