"""Kill and freeze the Redis that is the master, and one of several that share the groups."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.nemeses.scene import Scene, nemesis
from tests.services.redis import Redis
from tests.services.sentinel import WatchedRedis


def master_nemesis(
    name: str,
    harm: Callable[[Redis], object],
    shortest: float,
    longest: float,
    bring_back: Callable[[WatchedRedis, Redis], object],
) -> None:
    """Register harm to the master, which comes back once the Sentinels have another one."""

    @nemesis(name, redis="sentinel")
    def harm_master(scene: Scene) -> None:
        watched = scene.store("watched")
        watched.await_whole()
        master = watched.master
        harm(master)
        watched.await_failover(master)
        scene.hold(shortest, longest)
        bring_back(watched, master)


# It comes back as a replica of the other one.
master_nemesis("sentinel-kill-master", Redis.kill, 2, 4, WatchedRedis.bring_back)
# Its connections stay open meanwhile.
master_nemesis("sentinel-freeze-master", Redis.freeze, 4, 6, lambda watched, it: it.thaw())


@nemesis("shard-freeze", redis="shards")
def freeze_shard(scene: Scene) -> None:
    scene.freeze(scene.rng.choice(scene.store("shards")), 3, 6)


@nemesis("shard-kill", redis="shards")
def kill_shard(scene: Scene) -> None:
    scene.kill(scene.rng.choice(scene.store("shards")), 0, 3)
