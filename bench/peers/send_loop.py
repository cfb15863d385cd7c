"""A bare loop of send() in C: what a server that does not batch cannot go below."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bench.contender import Bench, Contender, Running, serving
from bench.opening import Entry
from bench.publishers import MESSAGE_BYTES, LinePublisher
from tests.services import reaper
from tests.services.ports import free_port

SOURCE = Path(__file__).with_name("send_loop.c")


def _compiler() -> str | None:
    return shutil.which("gcc") or shutil.which("cc")


def _build() -> Path:
    program = reaper.folder(executable=True) / "send_loop"
    subprocess.run([str(_compiler()), "-O2", "-o", program, SOURCE], check=True)
    return program


class SendLoop(Contender):
    name = "c-loop"

    def missing(self) -> str | None:
        return None if _compiler() else "Debian's gcc and libc6-dev"

    @contextmanager
    def started(self, bench: Bench, sockets: int) -> Iterator[Running]:
        program = bench.once(self.name, _build)
        port, control = free_port(), free_port()
        command: list[str | Path] = [program, str(port), str(control), str(MESSAGE_BYTES)]
        with (
            serving(command, bench.new_folder(self.name), "ready") as process,
            closing(LinePublisher(control)) as publisher,
        ):
            yield Running([process.pid], Entry(port, ["/"]), publisher)
