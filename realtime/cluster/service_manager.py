"""Tells the service manager that started us how we are, by the protocol of sd_notify(3).

`NOTIFY_SOCKET` names its socket, `WATCHDOG_USEC` how long it waits for a sign of life. systemd sets
both for a service of `Type=notify`; without them nothing is told.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from typing import Self

logger = logging.getLogger(__name__)

SIGNS = 3  # of life, in the time that the manager waits for one


class ServiceManager:
    """The manager of this process, if there is one. No call raises or blocks."""

    def __init__(self, address: str = "", watchdog_seconds: float = 0.0) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._pause = watchdog_seconds / SIGNS
        self._alive_at: float | None = None
        self._told = ""

    @classmethod
    def of_environment(cls) -> Self:
        """Take the manager from the environment, so that no process started by us speaks for us."""
        address = os.environ.pop("NOTIFY_SOCKET", "")
        microseconds = os.environ.pop("WATCHDOG_USEC", "")
        of_whom = os.environ.pop("WATCHDOG_PID", str(os.getpid()))
        is_ours = microseconds.isdigit() and of_whom == str(os.getpid())
        return cls(address, int(microseconds) / 1e6 if is_ours else 0.0)

    def ready(self) -> None:
        """Say once that we serve."""
        self._tell_once("READY=1")

    def stopping(self) -> None:
        """Say once that we drain, and then end."""
        self._tell_once("STOPPING=1")

    def alive(self) -> None:
        """Give a sign of life, if it is time for one. Call it often."""
        now = time.monotonic()
        if self._pause and (self._alive_at is None or now - self._alive_at >= self._pause):
            self._alive_at = now
            self._tell("WATCHDOG=1")

    def _tell_once(self, state: str) -> None:
        if self._told != state:
            self._told = state
            self._tell(state)

    def _tell(self, state: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
                told.setblocking(False)
                told.sendto(state.encode(), self._address)
        except OSError as error:
            logger.warning("the service manager was not told %s: %s", state, error)
