"""What a contender is to a scenario: something that starts, is connected to, and sends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeVar, cast

from bench import processes
from bench.load import Entry
from bench.publishers import Ask, Publish, refuse
from bench.stores import Stores
from tests.services import reaper
from tests.services.process import Process

T = TypeVar("T")


class Bench:
    """One run: its stores, its folder, and how large things are."""

    def __init__(self, ending: ExitStack, *, quick: bool, progress: Callable[[str], None]) -> None:
        self.stores = Stores(ending)
        self.quick = quick
        self.progress = progress
        self.folder = reaper.workspace()
        self._number = 0
        self._made: dict[str, object] = {}

    def new_folder(self, name: str) -> Path:
        """Make a folder for one start of something; it goes away with the run."""
        self._number += 1
        path = self.folder / f"{self._number}-{name}"
        path.mkdir()
        return path

    def once(self, key: str, make: Callable[[], T]) -> T:
        """Make something that all rounds share, such as a database with its users."""
        if key not in self._made:
            self._made[key] = make()
        return cast(T, self._made[key])


@dataclass
class Running:
    """A contender that has started.

    `pids` are its server's processes, whose children count too. `publish` sends so
    many messages, numbered from 0, so many a second or at once; it returns the CPU
    seconds that a publishing process of the contender's own spent. `ask` gives that
    process other commands, where there is one. `postgres_cpu` tells the CPU seconds so
    far of its database; nobody else is charged for what a database does in between.
    """

    pids: Sequence[int]
    entry: Entry
    publish: Publish
    ask: Ask = refuse
    postgres_cpu: Callable[[], float] = float  # 0.0

    def cpu(self) -> float:
        """CPU seconds that the server has spent so far."""
        return sum(processes.cpu_seconds(pid) for pid in self.pids)


class Contender(ABC):
    """One contender. Subclasses are listed in `contenders.py`."""

    name: str
    slow: ClassVar[bool] = False  # hundreds of microseconds a delivery: gets less to do

    def missing(self) -> str | None:
        """Say what to install to run it; None if it can run here."""
        return None

    @abstractmethod
    def started(self, bench: Bench, sockets: int) -> AbstractContextManager[Running]:
        """Start it, made ready for so many sockets, and stop it at the end."""


@contextmanager
def serving(process: Process) -> Iterator[Process]:
    """End a process, and have an error tell what it wrote last."""
    try:
        yield process
    except Exception as error:
        error.add_note(process.tail())
        raise
    finally:
        process.kill()
