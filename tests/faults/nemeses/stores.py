"""Stop, kill and freeze Redis and PostgreSQL, and cut connections inside them."""

from __future__ import annotations

from typing import Any

import psycopg
import redis as redis_client

from tests.faults.nemeses.scene import Scene, nemesis


def nemeses_of_a_store(kind: str, **needs: Any) -> None:
    """Register the ways in which all stores alike stop and come back."""

    @nemesis(f"{kind}-kill", **needs)
    def kill(scene: Scene) -> None:
        scene.kill(scene.store(kind), 0, 2)

    @nemesis(f"{kind}-restart", **needs)
    def restart(scene: Scene) -> None:
        store = scene.store(kind)
        store.stop()
        store.start()


nemeses_of_a_store("redis")


@nemesis("redis-freeze")
def freeze_redis(scene: Scene) -> None:
    scene.freeze(scene.store("redis"), 1, 5)


@nemesis("redis-flushall")
def flush_redis(scene: Scene) -> None:
    scene.store("redis").flush()


@nemesis("redis-client-kill")
def kill_redis_clients(scene: Scene) -> None:
    kind = scene.rng.choice(("pubsub", "normal"))
    with redis_client.Redis.from_url(scene.store("redis").url) as client:
        client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")


nemeses_of_a_store("postgres")


@nemesis("postgres-terminate")
def terminate_backends(scene: Scene) -> None:
    with psycopg.connect(scene.store("postgres").url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
