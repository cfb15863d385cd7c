"""Free ports, and waiting for something without sleeping blindly."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import time
from collections.abc import Awaitable, Callable

# Every patience of the tests is multiplied by it: HOARDRUN_TEST_PATIENCE=5 for a slow machine.
PATIENCE = float(os.environ.get("HOARDRUN_TEST_PATIENCE") or 1)
POLL_SECONDS = 0.02
_given: set[int] = set()


def free_port() -> int:
    """Return a free port of 127.0.0.1, never the same one twice.

    It lies below the ports that Linux and macOS give to outgoing connections, so
    that none of those takes it before the caller's server does.
    """
    return free_ports(1)


def free_ports(count: int) -> int:
    """Return the first of some such ports in a row."""
    while True:
        first = random.randrange(20_000, 32_000)
        if all(_take(port) for port in range(first, first + count)):
            return first


def _take(port: int) -> bool:
    """Return True if a port is free, and reserve it."""
    if port in _given:
        return False
    _given.add(port)
    with socket.socket() as probe:
        # As servers do: a connection of an earlier server may still be in TIME_WAIT.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_until(ready: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll `ready` until it is true.

    Raises TimeoutError naming `what` after `seconds` times PATIENCE. Errors that `ready`
    raises pass through.
    """
    deadline = time.monotonic() + seconds * PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds * PATIENCE:g} s")
        time.sleep(POLL_SECONDS)


async def until(ready: Callable[[], object], *, seconds: float = 10) -> None:
    """Poll `ready` until it is true, and let the event loop run meanwhile.

    Raises TimeoutError after `seconds` times PATIENCE.
    """
    async with asyncio.timeout(seconds * PATIENCE):
        while not ready():
            await asyncio.sleep(POLL_SECONDS / 4)


async def in_time(seconds: float, attempt: Callable[[], Awaitable[float]]) -> None:
    """Demand that one of three attempts took less than this; each returns its seconds.

    A loaded machine may spoil one of them. What is too slow by itself spoils all.
    """
    took: list[float] = []
    while len(took) < 3 and min(took, default=seconds) >= seconds:
        took.append(await attempt())
    assert min(took) < seconds, took
