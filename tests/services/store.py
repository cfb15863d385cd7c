"""The common part of PostgreSQL and Redis: own port, own folder, deleted with the run."""

from __future__ import annotations

import signal
from abc import ABC, abstractmethod
from typing import ClassVar

from tests.services import reaper
from tests.services.ports import free_port
from tests.services.process import Process


class Store(ABC):
    """One server, on 127.0.0.1 and on a Unix socket in `folder`."""

    name: ClassVar[str]
    ends_by: ClassVar[signal.Signals] = signal.SIGTERM  # in order
    crashes_by: ClassVar[signal.Signals] = signal.SIGKILL

    def __init__(self, label: str = "") -> None:
        self.folder = reaper.workspace() / (label or self.name.lower())
        self.folder.mkdir()
        self.port = free_port()
        self.start()

    @abstractmethod
    def launch(self) -> Process:
        """Start the program."""

    @abstractmethod
    def answers(self) -> bool:
        """Say whether it serves clients."""

    @property
    def is_running(self) -> bool:
        return self._process.exit_code is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        """Start it, again on the same port after stop() or kill()."""
        self._process = self.launch()
        self._process.until(self.answers, seconds=30, what=f"{self.name} answers")

    def stop(self) -> None:
        """Shut it down in order."""
        if self._process.exit_code is None:
            self._process.stop(self.ends_by)

    def kill(self) -> None:
        """Crash it, without a goodbye."""
        self._process.stop(self.crashes_by)

    def freeze(self) -> None:
        """Stop it from answering while its connections stay open, until thaw()."""
        self._process.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.signal(signal.SIGCONT)
