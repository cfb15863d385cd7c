"""What a run breaks: nodes, stores and workers as `tests.faults` does, and links of ours."""

from __future__ import annotations

from tests.faults.nemeses import NEMESES as OF_FAULTS
from tests.faults.nemeses import Scene
from tests.faults.workers import WORKERS, Nemesis
from tests.payments.world import World

# These come first, in this order; others by chance, once all have been.
FIRST = ("node-kill", "worker-kill", "redis-restart", "postgres-restart")
_ON_SQLITE = ("node-kill", "node-restart")
_ON_POSTGRES = (
    "node-freeze", "redis-restart", "redis-kill", "postgres-restart", "postgres-kill",
    "postgres-terminate", "link-reset", "link-refuse",
)  # fmt: skip


def _world(scene: Scene) -> World:
    assert isinstance(scene.cluster, World)
    return scene.cluster


def lose_callbacks(scene: Scene) -> None:
    """Refuse the providers' callbacks until they have given up those of this time."""
    hooks = _world(scene).hooks
    hooks.refuse()
    scene.hold(1, 3)
    hooks.heal()


def cut_providers(scene: Scene) -> None:
    """Cut all calls that are under way to providers, in the middle of a request or an answer."""
    providers = _world(scene).providers
    for _ in range(5):
        providers.reset_all()
        scene.hold(0.05, 0.2)


NEMESES: dict[str, Nemesis] = {
    **{name: OF_FAULTS[name] for name in (*_ON_SQLITE, *_ON_POSTGRES)},
    **WORKERS,
    "callbacks-lost": lose_callbacks,
    "provider-cut": cut_providers,
}


def chosen(store: str, names: tuple[str, ...]) -> list[str]:
    """Return the names to choose from, in the order in which they come first."""
    if unknown := set(names) - NEMESES.keys():
        raise ValueError(f"no such nemesis: {', '.join(sorted(unknown))}")
    if names:
        return list(names)
    left_out = set(_ON_POSTGRES) if store == "sqlite" else set()
    first = [name for name in FIRST if name not in left_out]
    return first + [name for name in NEMESES if name not in {*first, *left_out}]
