"""Delay, cut and silence links between nodes, Redis and PostgreSQL."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.faults.nemeses.scene import Scene, nemesis
from tests.faults.proxy import Proxy


def _link(scene: Scene) -> Proxy:
    """Choose one link of one node, or that of the producers to PostgreSQL."""
    node = scene.node
    publishing = scene.cluster.publishing
    return scene.rng.choice([*node.proxies.values(), *([publishing] if publishing else [])])


def link_nemesis(
    name: str, harm: Callable[[Proxy, random.Random], object], shortest: float, longest: float
) -> None:
    """Register harm to one link, which heals after a while."""

    @nemesis(name, sqlite=True)
    def harm_link(scene: Scene) -> None:
        proxy = _link(scene)
        harm(proxy, scene.rng)
        scene.hold(shortest, longest)
        proxy.heal()


def _delay(proxy: Proxy, rng: random.Random) -> None:
    proxy.delay = rng.choice((0.005, 0.05, 0.3))


def _slice(proxy: Proxy, rng: random.Random) -> None:
    proxy.slice_bytes = rng.choice((7, 100))


link_nemesis("link-delay", _delay, 1, 3)
link_nemesis("link-slice", _slice, 0.5, 1.5)


@nemesis("link-reset", sqlite=True)
def reset_link(scene: Scene) -> None:
    _link(scene).reset_all()


link_nemesis("link-half-open", lambda proxy, rng: proxy.half_open(), 2, 5)
link_nemesis("link-black-hole", lambda proxy, rng: proxy.black_hole(), 2, 5)
link_nemesis("link-refuse", lambda proxy, rng: proxy.refuse(), 0.5, 3)
link_nemesis("link-drop-after", lambda proxy, rng: proxy.drop_after(rng.randrange(20_000)), 1, 2)


@nemesis("deaf-node")
def deafen_node(scene: Scene) -> None:
    """Swallow only what one node's subscriber hears, for as long as it takes to notice."""
    proxy = scene.node.proxies["redis"]
    proxy.deafen()
    scene.hold(5, 8)
    proxy.heal()
