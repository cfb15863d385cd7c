"""Kill, freeze and restart nodes, and move their clocks."""

from __future__ import annotations

import signal

from tests.faults import truth
from tests.faults.nemeses.scene import Scene, nemesis


@nemesis("node-kill", sqlite=True)
def kill_node(scene: Scene) -> None:
    node = scene.node
    node.kill()
    scene.problems += truth.corruption(scene.cluster.database_url)
    scene.hold(0, 1)
    node.start()


@nemesis("node-restart", sqlite=True)
def restart_node(scene: Scene) -> None:
    node = scene.node
    node.stop()
    node.start()


@nemesis("node-freeze", sqlite=True)
def freeze_node(scene: Scene) -> None:
    node = scene.node
    node.signal(signal.SIGSTOP)
    scene.hold(1, 5)
    node.signal(signal.SIGCONT)


@nemesis("node-clock")
def step_clock(scene: Scene) -> None:
    """Move one node's clock by up to a day, there and back, while it serves."""
    with scene.node.fake_clock() as move:
        scene.hold(1, 3)  # for clients to come
        move(scene.rng.choice((-86_400, -3600, 3600, 86_400)))
        scene.hold(1, 3)
        move(0)
