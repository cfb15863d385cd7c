"""A service manager is told when a server serves, lives and stops, as systemd wants it."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime.cluster.service_manager import ServiceManager
from tests.services.ports import wait_until
from tests.services.redis import Redis
from tests.services.server import Server, manage

servers = pytest.mark.servers


class Manager:
    """A socket that takes states, as systemd has for a service.

    A thread takes them: of what nobody reads Linux keeps about ten, and a server that takes its
    time to start gives more signs of life than that.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.came: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def env(self, watchdog_seconds: float) -> dict[str, str]:
        return {
            "NOTIFY_SOCKET": str(self.path),
            "WATCHDOG_USEC": str(int(watchdog_seconds * 1e6)),
        }

    def heard(self, state: str) -> int:
        """Say how often it was told a state so far."""
        self._take()
        return self.came.count(state)

    def is_silent(self, seconds: float) -> bool:
        """Wait as a manager does, which kills what gives no sign of life in this time."""
        self._take()
        self.came.clear()
        time.sleep(seconds)
        self._take()
        return not self.came

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()
        self._socket.close()

    def _read(self) -> None:
        while not self._is_over.wait(0.05):
            self._take()

    def _take(self) -> None:
        with self._lock, contextlib.suppress(BlockingIOError):
            while True:
                self.came.append(self._socket.recv(100).decode())


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.close()


@servers
def test_a_server_says_that_it_serves_lives_and_stops(manager: Manager) -> None:
    with Server(env=manager.env(watchdog_seconds=1.5)) as server:
        wait_until(lambda: manager.heard("READY=1") == 1, seconds=20, what="it is ready")
        wait_until(lambda: manager.heard("WATCHDOG=1") >= 3, seconds=20, what="signs of life")
        server.signal(signal.SIGSTOP)
        try:
            wait_until(lambda: _is_stopped(server.pid), seconds=20, what="it is frozen")
            assert manager.is_silent(1.5)
        finally:
            server.signal(signal.SIGCONT)
        wait_until(lambda: manager.heard("WATCHDOG=1") >= 1, seconds=20, what="it goes on")
        server.stop()
    assert manager.heard("STOPPING=1") == 1
    assert manager.heard("READY=1") == 0  # it had said so, and once is enough


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@servers
def test_of_several_workers_the_parent_speaks_and_once_all_serve(
    manager: Manager, redis: Redis
) -> None:
    env = manager.env(watchdog_seconds=1.5) | {"REDIS_URL": redis.url}
    with Server(env=env, workers=2) as server:
        wait_until(lambda: manager.heard("READY=1") == 1, seconds=30, what="all are ready")
        wait_until(lambda: manager.heard("WATCHDOG=1") >= 2, seconds=30, what="signs of life")
        server.stop()
    assert manager.heard("READY=1") == 1
    assert manager.heard("STOPPING=1") == 1


@servers
def test_a_server_that_cannot_start_is_never_ready(manager: Manager) -> None:
    with Server() as server:
        store = {"DATABASE_URL": server.env["DATABASE_URL"], "DEBUG": "1"}
        told = manager.env(watchdog_seconds=60)
        assert manage("serve", "--port", str(server.port), **store, **told).returncode == 1
    assert manager.heard("READY=1") == 0


def test_without_a_manager_nothing_is_told_and_nothing_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    found = ServiceManager.of_environment()
    found.ready()
    found.alive()
    found.stopping()


def test_a_manager_that_is_gone_is_named_in_the_log_and_fails_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ServiceManager(str(tmp_path / "nobody")).ready()
    assert "was not told READY=1" in caplog.text


def test_who_was_started_by_us_does_not_speak_for_us(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in manager.env(watchdog_seconds=60).items():
        monkeypatch.setenv(name, value)
    ServiceManager.of_environment().ready()
    ServiceManager.of_environment().ready()  # as a process would that has our environment
    assert manager.heard("READY=1") == 1


def test_an_abstract_address_is_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as told:
        told.bind("\0hoardrun-test-notify")
        told.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", "@hoardrun-test-notify")
        ServiceManager.of_environment().ready()
        assert told.recv(100) == b"READY=1"


def test_the_watchdog_of_another_process_is_none_of_ours(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (manager.env(watchdog_seconds=1) | {"WATCHDOG_PID": "1"}).items():
        monkeypatch.setenv(name, value)
    ServiceManager.of_environment().alive()
    assert manager.heard("WATCHDOG=1") == 0
