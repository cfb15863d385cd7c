"""A real Redis for the tests: own port, nothing kept, gone with the run."""

from __future__ import annotations

import signal

import redis

from tests.services import reaper
from tests.services.binaries import redis_program
from tests.services.ports import free_port, wait_until
from tests.services.process import Process


class Redis:
    """One Redis server, on 127.0.0.1 and on a Unix socket in `folder`."""

    def __init__(self) -> None:
        self.folder = reaper.workspace() / "redis"
        self.folder.mkdir()
        self._program = redis_program()
        self._process: Process | None = None
        self.port = free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def flush(self) -> None:
        """Delete every key of every database."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def start(self) -> None:
        """Start it, again on the same port and empty after stop() or kill()."""
        self._process = Process(
            [self._program, "--port", str(self.port), "--bind", "127.0.0.1",
             "--unixsocket", self.folder / "redis.sock", "--dir", self.folder,
             "--save", "", "--appendonly", "no"],
            log=self.folder / "log",
        )  # fmt: skip
        wait_until(self._answers, seconds=15, what="Redis answers")

    def stop(self) -> None:
        """Shut it down in order."""
        if self._process and self._process.exit_code is None:
            self._process.stop()

    def kill(self) -> None:
        """Crash it."""
        if self._process:
            self._process.kill()

    def freeze(self) -> None:
        """Stop it from answering while its connections stay open, until thaw()."""
        assert self._process is not None
        self._process.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.signal(signal.SIGCONT)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.exit_code is not None:
            raise RuntimeError(f"Redis did not start:\n{self._process.tail()}")
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False
