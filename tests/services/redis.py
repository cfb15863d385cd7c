"""A real Redis for the tests: nothing kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import redis

from tests.services.binaries import redis_program
from tests.services.process import Process
from tests.services.store import Store


class Redis(Store):
    """One Redis server; it comes back empty after stop() or kill()."""

    name = "Redis"

    def __init__(self, label: str = "", more: Sequence[str | Path] = ()) -> None:
        self.more = more  # arguments
        super().__init__(label)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def flush(self) -> None:
        """Delete every key of every database."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def launch(self) -> Process:
        return Process(
            [redis_program(), "--port", str(self.port), "--bind", "127.0.0.1",
             "--unixsocket", self.folder / "redis.sock", "--dir", self.folder,
             "--save", "", "--appendonly", "no", *self.more],
            log=self.folder / "log",
        )  # fmt: skip

    def answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False
