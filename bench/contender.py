"""The base class of contenders: a server that starts, takes connections, and sends."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple, TypeVar, cast

from bench import processes
from bench.opening import Entry
from bench.publishers import Ask, Publish, refuse
from bench.stores import Stores
from tests.services import reaper
from tests.services.process import Process

T = TypeVar("T")


class Bench:
    """One run: its stores, its folder, and its sizes."""

    def __init__(
        self,
        *,
        quick: bool,
        sockets: int | None = None,
        workers: int | None = None,
        deliveries: int | None = None,
    ) -> None:
        self.stores = Stores()
        self.quick = quick
        self.sockets, self.workers, self.deliveries = sockets, workers, deliveries  # as asked for
        self._began = time.monotonic()
        self.folder = reaper.workspace()
        self._number = 0
        self._made: dict[str, object] = {}

    def progress(self, line: str) -> None:
        """Tell what goes on, and when."""
        seconds = int(time.monotonic() - self._began)
        print(f"[{seconds // 60}:{seconds % 60:02}] {line}", file=sys.stderr, flush=True)

    def new_folder(self, name: str) -> Path:
        """Make a folder for one start of a server; it is deleted with the run."""
        self._number += 1
        path = self.folder / f"{self._number}-{name}"
        path.mkdir()
        return path

    def once(self, key: str, make: Callable[[], T]) -> T:
        """Make something that all rounds share, such as a database with its users."""
        if key not in self._made:
            self._made[key] = make()
        return cast(T, self._made[key])


class Spent(NamedTuple):
    """CPU seconds of a server and of its database."""

    server: float
    postgres: float

    def since(self, before: Spent) -> Spent:
        """Return the cost since an earlier measurement."""
        return Spent(self.server - before.server, self.postgres - before.postgres)

    def figures(self, unit: str, each: float) -> dict[str, float]:
        """Return both times `each`, and their sum, as figures in `unit`."""
        server, postgres = self.server * each, self.postgres * each
        return {
            f"cpu_{unit}": server + postgres,
            f"server_{unit}": server,
            f"postgres_{unit}": postgres,
        }


@dataclass
class Running:
    """A contender that has started.

    `pids` are its server's processes, whose children count too. `publish` sends so
    many messages, numbered from 0, so many a second or at once; it returns the CPU
    seconds that a publishing process of the contender's own spent. `ask` gives that
    process other commands, where there is one. `postgres_cpu` tells the CPU seconds so
    far of its database; no other is charged for the database's work in between.
    """

    pids: Sequence[int]
    entry: Entry
    publish: Publish = refuse
    ask: Ask = refuse
    postgres_cpu: Callable[[], float] = float  # 0.0

    def cpu(self) -> float:
        """CPU seconds that the server has spent so far."""
        return sum(processes.cpu_seconds(pid) for pid in self.pids)

    def spent(self) -> Spent:
        """CPU seconds of the server and of its database so far."""
        return Spent(self.cpu(), self.postgres_cpu())


class Contender(ABC):
    """One contender. Subclasses are listed in `contenders.py`."""

    name: str
    slow: ClassVar[bool] = False  # hundreds of microseconds a delivery: gets less to do

    def missing(self) -> str | None:
        """Say what to install to run it; None if it can run here."""
        return None

    @abstractmethod
    def started(self, bench: Bench, sockets: int) -> AbstractContextManager[Running]:
        """Start it, prepared for this many sockets, and stop it at the end."""


@contextmanager
def serving(
    command: Sequence[str | Path], folder: Path, ready: str, env: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """Start a server, wait for what it writes once it is ready, and end it.

    An error tells what it wrote last.
    """
    process = Process(command, log=folder / "log", env=env)
    process.until(lambda: ready in process.log(), seconds=30, what=str(command[0]))
    try:
        yield process
    except Exception as error:
        error.add_note(process.tail())
        raise
    finally:
        process.kill()
