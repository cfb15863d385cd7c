"""Kill and freeze the Redis that is the master, and one of several that share the groups."""

from __future__ import annotations

from tests.faults.nemeses.scene import Scene, nemesis


@nemesis("sentinel-kill-master", redis="sentinel")
def kill_master(scene: Scene) -> None:
    """Kill the master, until the Sentinels have another one; it comes back as its replica."""
    watched = scene.store("watched")
    watched.await_whole()
    master = watched.master
    master.kill()
    watched.await_failover(master)
    scene.hold(2, 4)
    watched.bring_back(master)


@nemesis("sentinel-freeze-master", redis="sentinel")
def freeze_master(scene: Scene) -> None:
    """Freeze the master, whose connections stay open; it wakes up as a replica of another one."""
    watched = scene.store("watched")
    watched.await_whole()
    master = watched.master
    master.freeze()
    watched.await_failover(master)
    scene.hold(4, 6)
    master.thaw()


@nemesis("shard-freeze", redis="shards")
def freeze_shard(scene: Scene) -> None:
    shard = scene.rng.choice(scene.store("shards"))
    shard.freeze()
    scene.hold(3, 6)
    shard.thaw()


@nemesis("shard-kill", redis="shards")
def kill_shard(scene: Scene) -> None:
    shard = scene.rng.choice(scene.store("shards"))
    shard.kill()
    scene.hold(0, 3)
    shard.start()
