"""The servers of the hot reads: hoardrun's, and DRF's under gunicorn, on the same rows."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import NamedTuple

from bench.contender import Bench, serving
from bench.peers.hoardrun import COMMON
from tests.services import environment
from tests.services.plugin import run_redis
from tests.services.ports import free_port
from tests.services.process import run_python
from tests.services.server import Server

PLAIN = "bench.peers.plain"
# One process, as hoardrun's; threads, since the default worker closes each connection.
GUNICORN = ("--worker-class", "gthread", "--workers", "1", "--threads", "4", "--keep-alive", "60")


class Site(NamedTuple):
    """A server that has started, and the token of its customer."""

    pid: int
    port: int
    token: str


class _Made(NamedTuple):
    env: dict[str, str]
    user_id: int
    access: str


def _made(bench: Bench) -> _Made:
    def make() -> _Made:
        env = {
            **environment.of_a_server(),
            **COMMON,
            **environment.unlimited(),
            **bench.stores.urls("hoardrun_http"),
            "WS_MAX_CONNECTIONS_PER_USER": "100",
            "LOG_LEVEL": "ERROR",
        }
        run_python("manage.py", "migrate", "--verbosity=0", env=env)
        filling = env | {"SIMULATE_MARKET": "1"}
        found = json.loads(run_python("-m", "bench.peers.http_data", env=filling).stdout)
        return _Made(env, found["user_id"], found["access"])

    return bench.once("http", make)


@contextmanager
def hoardrun(bench: Bench) -> Iterator[Site]:
    """Run `manage.py serve`, one process."""
    made = _made(bench)
    run_redis().flush()
    with Server("serve", env=made.env, migrate=False) as server:
        yield Site(server.pid, server.port, made.access)


@contextmanager
def plain(bench: Bench) -> Iterator[Site]:
    """Run the plain endpoints under gunicorn, one process."""
    made = _made(bench)
    env = made.env | {"DJANGO_SETTINGS_MODULE": f"{PLAIN}.settings"}
    port = free_port()
    bind = ("--bind", f"127.0.0.1:{port}")
    command = [sys.executable, "-m", "gunicorn", f"{PLAIN}.wsgi:application", *bind, *GUNICORN]
    token = run_python("-m", f"{PLAIN}.token", str(made.user_id), env=env).stdout.strip()
    with serving(command, bench.new_folder("plain"), "Booting worker", env) as process:
        yield Site(process.pid, port, token)


def missing() -> str | None:
    """Say what to install for gunicorn."""
    return None if find_spec("gunicorn") else "pip install -r requirements-bench.txt"
