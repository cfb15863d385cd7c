"""Kill producers and the trim of the log, and bump the epoch."""

from __future__ import annotations

import time

from tests.faults import truth
from tests.faults.nemeses.scene import Scene, nemesis


@nemesis("producer-kill", sqlite=True)
def kill_producer(scene: Scene) -> None:
    """Kill one in the middle of its work; another takes its place."""
    scene.number += 1
    name = scene.rng.choice(sorted(scene.cluster.producers))
    scene.cluster.replace_producer(name, by=f"p{scene.number + 100}")
    scene.problems += truth.corruption(scene.cluster.database_url)


@nemesis("trim-kill", sqlite=True)
def kill_trim(scene: Scene) -> None:
    """Kill a retention run once it has begun. Devices that are far behind may be told so."""
    scene.excuse("trimmed")
    before = truth.trimmed(scene.cluster.database_url)
    running = scene.cluster.begin("trim_events", "--keep", str(scene.rng.randrange(10, 60)))
    while running.exit_code is None and truth.trimmed(scene.cluster.database_url) == before:
        time.sleep(0.005)
    scene.hold(0, 0.01)
    running.kill()


@nemesis("epoch-bump")
def bump_epoch(scene: Scene) -> None:
    scene.excuse("epoch")
    scene.cluster.manage("bump_epoch", "--all")
