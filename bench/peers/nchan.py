"""nginx with nchan, one worker; published to over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from string import Template
from typing import ClassVar

from bench.contender import Bench, Contender, Running, serving
from bench.opening import Entry
from bench.publishers import HttpPublisher, PipelinedPublisher
from tests.services.ports import free_port, wait_until

_MODULES = (Path("/usr/lib/nginx/modules"), Path("/usr/lib64/nginx/modules"))
_CONFIGURATION = Path(__file__).with_name("nchan.conf")


def _module() -> Path | None:
    found = (folder / "ngx_nchan_module.so" for folder in _MODULES)
    return next((path for path in found if path.is_file()), None)


class Nchan(Contender):
    """Published to one POST after the other's answer."""

    name = "nchan"
    publisher: ClassVar[type[HttpPublisher]] = HttpPublisher

    def missing(self) -> str | None:
        if shutil.which("nginx") and _module():
            return None
        return "Debian's nginx and libnginx-mod-nchan"

    @contextmanager
    def started(self, bench: Bench, sockets: int) -> Iterator[Running]:
        folder = bench.new_folder(self.name)
        port, module = free_port(), _module()
        file = folder / "nginx.conf"
        user = "user root;" if folder.owner() == "root" else ""
        template = Template(_CONFIGURATION.read_text())
        file.write_text(template.substitute(module=module, user=user, folder=folder, port=port))
        command: list[str | Path] = ["nginx", "-p", folder, "-e", folder / "log", "-c", file]
        with serving(command, folder, "") as process:
            wait_until((folder / "pid").exists, seconds=10, what="nginx")
            with closing(self.publisher(port, "/pub")) as publisher:
                yield Running([process.pid], Entry(port, ["/sub"]), publisher)


class NchanPipelined(Nchan):
    """The same without waiting for answers, as nats-server is published to."""

    name = "nchan-pipelined"
    publisher = PipelinedPublisher
