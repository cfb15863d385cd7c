"""Restart all nodes one after the other, while all clients come through nginx or HAProxy."""

from __future__ import annotations

import time

from tests.faults.nemeses.scene import Scene, nemesis
from tests.services.balancer import KINDS, Kind

CONNECT_SECONDS = 30.0  # for all clients to have come through it


def roll_behind(kind: Kind) -> None:
    """Register the rolling restart behind one of them."""

    @nemesis(f"roll-behind-{kind}")
    def roll(scene: Scene) -> None:
        """Send all clients through it, roll, and let them go to the nodes themselves again."""
        cluster = scene.cluster
        _connect(scene, [cluster.balancers[kind].ws_url])
        if left := _missing(scene):
            scene.problems.append(f"{left} clients did not come through {kind}")
        for node in cluster.nodes:
            node.stop()
            scene.hold(0, 1)
            node.start()
            scene.hold(1, 2)
        _connect(scene, [node.url for node in cluster.nodes])


def _connect(scene: Scene, urls: list[str]) -> None:
    for clients in scene.clients:
        clients.ask("connect", urls=urls)


def _missing(scene: Scene) -> int:
    """Wait until all clients are connected; return how many are not at last."""
    until = time.monotonic() + CONNECT_SECONDS
    while True:
        answers = [clients.ask("online") for clients in scene.clients]
        left = sum(answer["devices"] - answer["online"] for answer in answers)
        if not left or time.monotonic() > until:
            return int(left)
        time.sleep(0.1)


for kind in KINDS:
    roll_behind(kind)
