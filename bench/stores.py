"""PostgreSQL and Redis for the run, each started when first asked for."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import redis

from bench import processes
from tests.services.postgres import Postgres
from tests.services.redis import Redis


class Stores:
    """The two stores. What they spend is measured apart from the contenders."""

    def __init__(self, ending: ExitStack) -> None:
        self._ending = ending

    @cached_property
    def postgres(self) -> Postgres:
        server = Postgres()
        self._ending.callback(server.stop)
        return server

    @cached_property
    def redis(self) -> Redis:
        server = Redis()
        self._ending.callback(server.stop)
        return server

    def cpu(self) -> tuple[float, float]:
        """CPU seconds so far of PostgreSQL and of Redis; 0 for one that does not run."""
        return (
            processes.cpu_seconds(self._postgres_pid) if "postgres" in self.__dict__ else 0.0,
            processes.cpu_seconds(self._redis_pid) if "redis" in self.__dict__ else 0.0,
        )

    @cached_property
    def _postgres_pid(self) -> int:
        file: Path = self.postgres.folder / "data" / "postmaster.pid"
        return int(file.read_text().split("\n", 1)[0])

    @cached_property
    def _redis_pid(self) -> int:
        with redis.Redis.from_url(self.redis.url) as client:
            information = client.info("server")
        assert isinstance(information, dict)
        return int(information["process_id"])
