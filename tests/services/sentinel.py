"""A Redis master with a replica, and three Sentinels that make that one the master in its place."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import redis

from tests.services.binaries import redis_program
from tests.services.ports import wait_until
from tests.services.process import Process
from tests.services.redis import Redis
from tests.services.store import Store

MASTER = "hoardrun"
DOWN_AFTER_MS = 1000
_numbers = itertools.count(1)


class Sentinel(Store):
    """One Sentinel, which watches one master."""

    name = "Sentinel"

    def __init__(self, label: str, master_port: int) -> None:
        self._master_port = master_port
        super().__init__(label)

    def launch(self) -> Process:
        config = self.folder / "sentinel.conf"  # which it rewrites
        if not config.exists():
            config.write_text(
                f"port {self.port}\nbind 127.0.0.1\ndir {self.folder}\n"
                f"sentinel monitor {MASTER} 127.0.0.1 {self._master_port} 2\n"
                f"sentinel down-after-milliseconds {MASTER} {DOWN_AFTER_MS}\n"
                f"sentinel failover-timeout {MASTER} 3000\n"
            )
        log: Path = self.folder / "log"
        return Process([redis_program(), config, "--sentinel"], log=log)

    def client(self) -> Any:
        return redis.Redis(port=self.port, socket_timeout=2)

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


class WatchedRedis:
    """Two Redis, one of them the master, watched by three Sentinels."""

    def __init__(self) -> None:
        label = f"watched-{next(_numbers)}"
        first = Redis(f"{label}-a")
        self.stores = [first, Redis(f"{label}-b", self._following(first))]
        self.sentinels = [Sentinel(f"{label}-s{n}", first.port) for n in range(3)]
        wait_until(self.is_whole, seconds=30, what="the Sentinels know the replica and each other")

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{hosts}/{MASTER}/0"

    @property
    def master(self) -> Redis:
        """The one that is the master now, as the Sentinels have it."""
        port = self.master_port()
        return next(store for store in self.stores if store.port == port)

    @property
    def replica(self) -> Redis:
        port = self.master_port()
        return next(store for store in self.stores if store.port != port)

    def master_port(self) -> int:
        for sentinel in self.sentinels:
            with sentinel.client() as client:
                return int(client.sentinel_get_master_addr_by_name(MASTER)[1])
        raise AssertionError

    def await_failover(self, before: Redis) -> None:
        """Wait until another one is the master."""
        wait_until(
            lambda: self.master_port() != before.port, seconds=30, what="the Sentinels fail over"
        )

    def bring_back(self, store: Redis) -> None:
        """Start one that was killed again, as a replica."""
        store.more = self._following(self.master)
        store.start()

    def await_whole(self) -> None:
        """Wait until another failover could follow."""
        wait_until(self.is_whole, seconds=60, what="the old master is a replica")

    def is_whole(self) -> bool:
        """Say whether all Sentinels agree that another failover could follow."""
        for sentinel in self.sentinels:
            with sentinel.client() as client:
                master: Any = client.sentinel_master(MASTER)
                replicas: Any = client.sentinel_slaves(MASTER)
            if not _is_plain(master) or not any(map(_is_healthy, replicas)):
                return False
        return True

    def stop(self) -> None:
        for store in (*self.sentinels, *self.stores):
            store.thaw()
            store.stop()

    def _following(self, master: Redis) -> list[str]:
        return ["--replicaof", f"127.0.0.1 {master.port}", "--repl-diskless-sync-delay", "0"]


def _is_plain(master: Any) -> bool:
    others = int(master["num-other-sentinels"]) == 2
    return others and not (master.get("is_sdown") or master.get("is_odown"))


def _is_healthy(replica: Any) -> bool:
    return not replica.get("is_sdown") and replica.get("master-link-status") == "ok"
