"""Starve all nodes of CPU, as when other work has the machine, and offer them too many logins."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor

from bench.peers.hoardrun import PATH
from tests.faults.catching_up import catch_up
from tests.faults.nemeses.scene import Scene, nemesis
from tests.services.driven import Driven
from tests.services.starving import starved

SHARE = 0.2  # of a core that each node gets
LOGINS_A_SECOND = 600.0  # offered to each node: several times what that is enough for
STORM_SECONDS = 15.0
UNANSWERED = 0.1  # of the strangers; without a door it was 0.6
BACK_SECONDS = 10.0  # from the end of the storm; the nodes are starved all that time


@nemesis("cpu-starve", sqlite=True)
def starve_nodes(scene: Scene) -> None:
    """Leave all nodes little of a core each, cut off all clients, and let strangers log in.

    The strangers give up after five seconds; they are to be let in or refused before that. Once no
    more of them come, all clients are back and have caught up soon, on what little the nodes have.
    """
    cluster = scene.cluster
    servers = [node.server for node in cluster.nodes if node.server is not None]
    tokens = cluster.strangers()
    with contextlib.ExitStack() as stack:
        storms = [
            stack.enter_context(Driven("bench.storm", log=cluster.folder / f"storm-{number}.log"))
            for number in range(len(servers))
        ]
        for storm, server in zip(storms, servers, strict=True):
            storm.ask("hold", port=server.port, path=PATH, tokens=tokens, count=0)
        pool = stack.enter_context(ThreadPoolExecutor(len(storms)))
        stack.enter_context(starved([server.pid for server in servers], SHARE))
        for clients in scene.clients:
            clients.ask("drop")
        offers = [
            pool.submit(storm.ask, "logins", rate=LOGINS_A_SECOND, seconds=STORM_SECONDS)
            for storm in storms
        ]
        found = [offer.result() for offer in offers]
        if not all(each["greeted"] for each in found):
            scene.problems.append("cpu-starve: a node logged nobody in during the storm")
        unanswered = sum(each["gave_up"] for each in found) / sum(each["offered"] for each in found)
        if unanswered > UNANSWERED:
            scene.problems.append(f"cpu-starve: {unanswered:.0%} of the strangers had no answer")
        if not catch_up(cluster, scene.clients, BACK_SECONDS):
            scene.problems.append(
                f"cpu-starve: devices are behind {BACK_SECONDS:g} s after a storm of logins"
            )
