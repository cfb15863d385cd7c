"""Starve all nodes of CPU, as when other work has the machine."""

from __future__ import annotations

from tests.faults.nemeses.scene import Scene, nemesis
from tests.services.starving import starved

SHARE = 0.04  # of a core that each node gets
STARVE_SECONDS = (15.0, 25.0)


@nemesis("cpu-starve", sqlite=True)
def starve_nodes(scene: Scene) -> None:
    """Leave all nodes little of a core each, and cut off all clients, who come back at once."""
    pids = [node.server.pid for node in scene.cluster.nodes if node.server is not None]
    with starved(pids, SHARE):
        for clients in scene.clients:
            clients.ask("drop")
        scene.hold(*STARVE_SECONDS)
