"""What a run breaks: workers here; nodes, stores, links and producers as `tests.faults` does."""

from __future__ import annotations

from collections.abc import Callable
from signal import SIGCONT, SIGSTOP

from tests.centre.world import Centre
from tests.faults.nemeses import NEMESES as OF_FAULTS
from tests.faults.nemeses import Scene

_SHARED = (
    "node-kill", "node-restart", "node-freeze", "redis-kill", "redis-freeze", "redis-flushall",
    "postgres-kill", "postgres-restart", "postgres-terminate", "link-reset", "link-black-hole",
    "producer-kill",
)  # fmt: skip
_SHARED_ON_SQLITE = ("node-kill", "node-restart", "node-freeze", "link-reset", "producer-kill")


def _centre(scene: Scene) -> Centre:
    assert isinstance(scene.cluster, Centre)
    return scene.cluster


def _any_worker(scene: Scene) -> str:
    return scene.rng.choice(sorted(_centre(scene).workers))


def kill_worker(scene: Scene) -> None:
    """Kill a worker in the middle of what it does; another takes its place."""
    centre = _centre(scene)
    centre.dismiss(_any_worker(scene), kill=True)
    scene.hold(0, 1)
    centre.hire()


def restart_worker(scene: Scene) -> None:
    """Let one finish its calls and go; another takes its place."""
    centre = _centre(scene)
    centre.dismiss(_any_worker(scene), kill=False)
    centre.hire()


def freeze_worker(scene: Scene) -> None:
    """Stop a worker, often for longer than its leases last; what it was in goes on afterwards."""
    centre = _centre(scene)
    process = centre.workers[_any_worker(scene)]
    process.signal(SIGSTOP)
    scene.hold(0.5, 2 * centre.plan.lease)
    process.signal(SIGCONT)


WORKERS: dict[str, Callable[[Scene], None]] = {
    "worker-kill": kill_worker,
    "worker-restart": restart_worker,
    "worker-freeze": freeze_worker,
}
NEMESES: dict[str, Callable[[Scene], None]] = WORKERS | {name: OF_FAULTS[name] for name in _SHARED}


def chosen(store: str, names: tuple[str, ...]) -> list[str]:
    """Return the names to choose from, those of workers more than once."""
    if unknown := set(names) - NEMESES.keys():
        raise ValueError(f"no such nemesis: {', '.join(sorted(unknown))}")
    shared = _SHARED_ON_SQLITE if store == "sqlite" else _SHARED
    return list(names) or [*shared, *WORKERS, *WORKERS, *WORKERS, *WORKERS]
