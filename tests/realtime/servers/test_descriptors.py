"""Sockets of a process whose file descriptors are limited."""

from __future__ import annotations

import resource
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from realtime.options import is_set, options
from realtime.servers import descriptors
from tests.services.handshake import offer, parse
from tests.services.ports import free_port
from tests.services.process import Process
from tests.services.server import Server
from tests.services.stream import ByteStream

SAYS = "so it takes 5 sockets, not the 1,000 of WS_MAX_CONNECTIONS_PER_NODE"


@pytest.mark.servers
def test_serve_raises_its_limit_and_refuses_what_does_not_fit(tmp_path: Path) -> None:
    settings = {"WS_MAX_CONNECTIONS_PER_NODE": "1000", "WS_AUTHENTICATE_WITHIN_SECONDS": "60"}
    with Server(env=settings) as other:
        env = other.env
    port = free_port()
    command = f'ulimit -Sn 64; ulimit -Hn 205; exec "$0" manage.py serve --port {port}'
    server = Process(["sh", "-c", command, sys.executable], log=tmp_path / "log", env=env)
    try:
        server.until(lambda: _answers(port), seconds=30, what="serve answers")
        own = [("Origin", f"http://127.0.0.1:{port}")]  # a page of ours, which logs in later
        answers = []
        with ExitStack() as ending:
            for _ in range(6):
                stream = ending.enter_context(ByteStream(port))
                stream.send(offer(port, headers=own))
                answers.append(parse(stream.until(b"\r\n\r\n"))[0])
        assert answers == [101] * 5 + [503]
        assert SAYS in server.log()
    finally:
        server.kill()


def test_a_system_that_refuses_to_raise_the_limit_is_taken_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(kind: int, limits: tuple[int, int]) -> None:
        raise ValueError("current limit exceeds maximum limit")

    unlimited = resource.RLIM_INFINITY
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (256, unlimited))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    descriptors.raise_limit(1000)
    assert "so it takes 56 sockets" in str(descriptors.shortage(1000, is_chosen=True))


@pytest.mark.parametrize(
    ("files", "given", "is_told"),
    [
        (20_000, {}, False),  # 200 sockets fewer than the default
        (20_000, {"MAX_CONNECTIONS_PER_NODE": 20_000}, True),
        (20_200, {"MAX_CONNECTIONS_PER_NODE": 20_000}, False),
        (10_200, {}, False),
        (10_199, {}, True),
        (1024, {}, True),
    ],
)
def test_a_shortage_is_told_of_a_chosen_number_and_of_a_small_limit(
    files: int, given: dict[str, int], is_told: bool, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    settings.REALTIME = given
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (files, files))
    is_chosen = is_set("max_connections_per_node")
    told = descriptors.shortage(options().max_connections_per_node, is_chosen=is_chosen)
    assert bool(told) == is_told


def _answers(port: int) -> bool:
    try:
        with ByteStream(port, seconds=20) as stream:
            stream.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return parse(stream.until(b"\r\n\r\n"))[0] == 200
    except OSError:
        return False
