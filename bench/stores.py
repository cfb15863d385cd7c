"""PostgreSQL and Redis for the run, each started when first asked for."""

from __future__ import annotations

from bench import processes
from tests.services.plugin import run_postgres, run_redis


class Stores:
    """The two stores. PostgreSQL's CPU is its contender's; that of Redis is kept apart."""

    def __init__(self) -> None:
        self._databases: dict[str, str] = {}
        self._pids: dict[str, int] = {}

    def urls(self, database: str) -> dict[str, str]:
        """Return the variables of a server on both stores, with a database of its own."""
        postgres, redis = run_postgres(), run_redis()
        self._pids = {"postgres": postgres.pid, "redis": redis.pid}
        if database not in self._databases:
            self._databases[database] = postgres.database(database)
        return {"DATABASE_URL": self._databases[database], "REDIS_URL": redis.url}

    def postgres_cpu(self) -> float:
        """CPU seconds so far of all PostgreSQL's processes; 0 if it does not run."""
        return self._cpu("postgres")

    def redis_cpu(self) -> float:
        """CPU seconds so far of Redis; 0 if it does not run."""
        return self._cpu("redis")

    def _cpu(self, store: str) -> float:
        return processes.cpu_seconds(self._pids[store]) if store in self._pids else 0.0
