"""PostgreSQL and Redis for the run, each started when first asked for."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

import psycopg
import redis

from bench import processes
from tests.services.postgres import Postgres
from tests.services.redis import Redis

_STATEMENT = re.compile(rb"LOG:  (?:statement|execute [^:]*): (?!BEGIN|COMMIT)\S")


class Stores:
    """The two stores. PostgreSQL's CPU is its contender's; that of Redis is kept apart."""

    def __init__(self, ending: ExitStack) -> None:
        self._ending = ending
        self._databases: dict[str, str] = {}

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

    def urls(self, database: str) -> dict[str, str]:
        """Return the variables of a server on both stores, with a database of its own."""
        if database not in self._databases:
            self._databases[database] = self.postgres.database(database)
        return {"DATABASE_URL": self._databases[database], "REDIS_URL": self.redis.url}

    @contextmanager
    def statements(self) -> Iterator[Callable[[], int]]:
        """Have PostgreSQL log every statement; yields what counts the queries.

        Those are all but BEGIN and COMMIT, and the empty ones by which a pool finds out
        whether a connection still works.
        """
        file = self.postgres.folder / "log"
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            self._log_statements(connection, "all")
            began = file.stat().st_size

            def count() -> int:
                with file.open("rb") as log:
                    log.seek(began)
                    return sum(_STATEMENT.search(line) is not None for line in log)

            try:
                yield count
            finally:
                self._log_statements(connection, "none")

    def _log_statements(self, connection: psycopg.Connection, which: str) -> None:
        connection.execute(f"ALTER SYSTEM SET log_statement = '{which}'")
        connection.execute("SELECT pg_reload_conf()")
        time.sleep(0.5)  # the other sessions look at it when they next do something

    def postgres_cpu(self) -> float:
        """CPU seconds so far of all PostgreSQL's processes; 0 if it does not run."""
        return processes.cpu_seconds(self._postgres_pid) if "postgres" in self.__dict__ else 0.0

    def redis_cpu(self) -> float:
        """CPU seconds so far of Redis; 0 if it does not run."""
        return processes.cpu_seconds(self._redis_pid) if "redis" in self.__dict__ else 0.0

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
