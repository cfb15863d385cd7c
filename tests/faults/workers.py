"""A cluster with workers: processes of a `manage.py` command that share what is due.

Nodes and stores are as `Cluster` has them. A proof of what workers do derives from `Working`, and
has its faults from here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from signal import SIGCONT, SIGSTOP, SIGTERM

from tests.faults.cluster import Cluster
from tests.faults.nemeses import Scene
from tests.faults.proxy import Proxy
from tests.services.process import Process

Nemesis = Callable[[Scene], None]


class Working(Cluster):
    """Nodes, stores, and a number of workers that is kept."""

    command = ""  # of `manage.py`
    ready = ""  # what a worker prints once it may be ended by SIGTERM
    lease_seconds = 60.0  # for which a worker owns what it has claimed

    def __init__(self, *, workers: int, folder: Path, **given: object) -> None:
        self.wanted = workers
        self.workers: dict[str, Process] = {}
        self._workers_begun = 0
        self._starting: list[str] = []  # workers that may not work yet
        super().__init__(folder=folder, **given)  # type: ignore[arg-type]

    def start(self) -> None:
        super().start()
        for _ in range(self.wanted):
            self.hire()
        self.until_working()

    def until_working(self) -> None:
        """Wait until all workers work: before that, SIGTERM ends one at once."""
        while self._starting:
            name = self._starting.pop()
            process = self.workers[name]
            process.until(
                lambda: self.ready in process.log(),  # noqa: B023 called within the turn
                seconds=60,
                what=f"worker {name} works",
            )

    def hire(self) -> str:
        """Start a worker; return its name."""
        self._workers_begun += 1
        name = f"w{self._workers_begun}"
        self.workers[name] = Process(
            [sys.executable, "manage.py", self.command],
            log=self.folder / f"worker-{name}.log",
            env=self.worker_env(self._workers_begun),
            may_fork=True,
        )
        self._starting.append(name)
        return name

    def worker_env(self, number: int) -> Mapping[str, str]:
        """Return the environment of the worker of a number, from 1."""
        return self.env

    def dismiss(self, name: str, *, kill: bool) -> None:
        """End a worker: by SIGTERM, or in the middle of what it does."""
        process = self.workers.pop(name)
        if kill:
            process.kill()
        elif process.stop(seconds=30):
            raise RuntimeError(f"worker {name} failed:\n{process.tail()}")

    def worker_of(self, pid: int) -> Process | None:
        """Return the worker that has this process id."""
        return next((one for one in self.workers.values() if one.pid == pid), None)

    def links(self) -> list[Proxy]:
        """Return all proxies."""
        found = [] if self.publishing is None else [self.publishing]
        return found + [proxy for node in self.nodes for proxy in node.proxies.values()]

    def mend(self) -> None:
        """Bring back all that is down or stopped, whatever a fault has left behind."""
        for store in (self.postgres, self.redis):
            if store is not None:
                store.thaw()
                if not store.is_running:
                    store.start()
        for proxy in self.links():
            proxy.heal()
        for node in self.nodes:
            if node.server is not None and node.server.running:
                node.signal(SIGCONT)
            else:
                node.start()
        for name, process in list(self.workers.items()):
            process.signal(SIGCONT)
            if process.exit_code is not None:
                del self.workers[name]
        self._starting = [name for name in self._starting if name in self.workers]
        for _ in range(self.wanted - len(self.workers)):
            self.hire()
        self.until_working()

    def rest(self) -> None:
        """Let all workers finish their calls and go."""
        self.until_working()
        for process in self.workers.values():
            process.signal(SIGTERM)
        # Not by `stop`: a second SIGTERM would kill a program that is about to end.
        for name in list(self.workers):
            self.workers.pop(name).until_ended(seconds=30)

    def close(self) -> None:
        for process in self.workers.values():
            process.kill()
        super().close()

    def problems(self) -> list[str]:
        found = super().problems()
        for log in sorted(self.folder.glob("worker-*.log")):
            text = log.read_text(errors="replace")
            if (at := text.find("Traceback (most recent call last)")) >= 0:
                found.append(f"{log.stem}: {text[max(0, at - 300) : at + 1500]}")
        return found


def _working(scene: Scene) -> Working:
    assert isinstance(scene.cluster, Working)
    return scene.cluster


def _any_worker(scene: Scene) -> str:
    return scene.rng.choice(sorted(_working(scene).workers))


def kill_worker(scene: Scene) -> None:
    """Kill a worker in the middle of what it does; another takes its place."""
    cluster = _working(scene)
    cluster.dismiss(_any_worker(scene), kill=True)
    scene.hold(0, 1)
    cluster.hire()


def restart_worker(scene: Scene) -> None:
    """Let one finish its calls and go; another takes its place."""
    cluster = _working(scene)
    cluster.dismiss(_any_worker(scene), kill=False)
    cluster.hire()


def freeze_worker(scene: Scene) -> None:
    """Stop a worker, often for longer than its leases last; what it was in goes on afterwards."""
    cluster = _working(scene)
    process = cluster.workers[_any_worker(scene)]
    process.signal(SIGSTOP)
    scene.hold(0.5, min(2 * cluster.lease_seconds, LONGEST_FREEZE_SECONDS))
    process.signal(SIGCONT)


LONGEST_FREEZE_SECONDS = 20.0
WORKERS: Mapping[str, Nemesis] = {
    "worker-kill": kill_worker,
    "worker-restart": restart_worker,
    "worker-freeze": freeze_worker,
}
