"""Look at the memory of a server: what the kernel has given it, and what Python keeps."""

from __future__ import annotations

import itertools
import signal
from pathlib import Path
from typing import NamedTuple

from tests.services import reaper
from tests.services.ports import wait_until
from tests.services.server import Server

_numbers = itertools.count(1)


class Memory(NamedTuple):
    """The memory of a server at one time."""

    rss_mb: int
    kept: int  # blocks that Python's objects take, without garbage


class Watch:
    """Looks at the memory of the one server that is started with its `env`."""

    def __init__(self) -> None:
        self._file = reaper.workspace() / f"kept-{next(_numbers)}"
        self.env = {
            "DJANGO_SETTINGS_MODULE": "tests.conformance.fuzz.watched",
            "FUZZ_KEPT_FILE": str(self._file),
        }

    def look(self, server: Server) -> Memory:
        """Have the server collect its garbage, and count what is left."""
        rss = rss_mb(server.pid)
        self._file.unlink(missing_ok=True)
        server.signal(signal.SIGWINCH)
        wait_until(self._file.exists, seconds=10, what="the server counts what it keeps")
        return Memory(rss, int(self._file.read_text()))


def rss_mb(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 // 1_000_000
