"""What a run breaks: leaders above all, links to the venue, nodes and stores."""

from __future__ import annotations

import time
from collections.abc import Callable
from signal import SIGCONT, SIGSTOP

from tests.faults.cluster import Node
from tests.faults.nemeses import NEMESES as OF_FAULTS
from tests.faults.nemeses import Scene
from tests.market.world import Leaderless, World

Nemesis = Callable[[Scene], None]
# The faults of which a run is made, and those that come now and then between them.
LEADERS = ("leader-kill", "leader-freeze")
_ON_SQLITE = ("node-restart",)
_ON_POSTGRES = ("redis-kill", "redis-restart", "postgres-terminate", "postgres-restart")


def _world(scene: Scene) -> World:
    assert isinstance(scene.cluster, World)
    return scene.cluster


def kill_leader(scene: Scene) -> None:
    """Kill the node that leads the engine or the source, and start it once another leads."""
    _strike(scene, "kill", Node.kill, Node.start)


def freeze_leader(scene: Scene) -> None:
    """Freeze a leader for longer than its lease; it wakes up and finds that another leads."""

    def thaw(node: Node) -> None:
        scene.hold(0, _world(scene).plan.hold / 3)
        node.signal(SIGCONT)

    _strike(scene, "freeze", lambda node: node.signal(SIGSTOP), thaw)


def _strike(
    scene: Scene, what: str, strike: Callable[[Node], None], back: Callable[[Node], None]
) -> None:
    world = _world(scene)
    before = world.until_all_led()
    pid = before[scene.rng.choice(sorted(before))].pid
    node = world.node_of(pid)
    lost = [name for name, leader in before.items() if leader.pid == pid]
    since = time.monotonic()
    strike(node)
    if len(world.nodes) == 1:  # nobody else can lead
        scene.hold(0, world.plan.hold)
        back(node)
        return
    try:
        for name in lost:
            seconds = world.until_led(name, before[name], since)
            world.leaderless.append(Leaderless(f"{what} of the leader of {name}", seconds))
    finally:
        back(node)


def cut_venue(scene: Scene) -> None:
    """Cut the connection to the venue."""
    _world(scene).socket.reset_all()


def silence_venue(scene: Scene) -> None:
    """Let the connection to the venue stay open, while nothing comes any more."""
    world = _world(scene)
    world.socket.half_open()
    scene.hold(2, 8)
    world.socket.heal()


def refuse_at_venue(scene: Scene) -> None:
    """Let nobody reach the venue, neither by its socket nor by its HTTP API."""
    world = _world(scene)
    for link in (world.socket, world.api):
        link.refuse()
    scene.hold(1, 5)
    for link in (world.socket, world.api):
        link.heal()


NEMESES: dict[str, Nemesis] = {
    "leader-kill": kill_leader,
    "leader-freeze": freeze_leader,
    "venue-cut": cut_venue,
    "venue-silent": silence_venue,
    "venue-away": refuse_at_venue,
    **{name: OF_FAULTS[name] for name in (*_ON_SQLITE, *_ON_POSTGRES)},
}


def chosen(store: str, names: tuple[str, ...]) -> list[str]:
    """Return the names to choose from."""
    if unknown := set(names) - NEMESES.keys():
        raise ValueError(f"no such nemesis: {', '.join(sorted(unknown))}")
    left_out = set(_ON_POSTGRES) if store == "sqlite" else set()
    return list(names) or [name for name in NEMESES if name not in left_out]
