"""A node exporter's port beside a deployment: what was measured from outside, and of a disk."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from hoardrun.management.commands.check_delivery import write
from hoardrun.outside import Outcome

# What `check_delivery` finds where a proxy has a certificate.
CHECKED = Outcome(
    {"login": 0.061, "connect": 0.034, "publish": 0.012, "receive": 0.019},
    certificate_ends_at=time.time() + 60 * 86400,
)


@contextmanager
def exporter(file: Path) -> Iterator[int]:
    """Serve what a node exporter does of its machine: a file system, and a check from outside."""

    class Exporter(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = os.statvfs(file.parent)
            labels = f'{{device="tmpfs",fstype="ext4",mountpoint="{file.parent.anchor}"}}'
            text = (
                f"node_filesystem_avail_bytes{labels} {found.f_bavail * found.f_frsize}\n"
                f"node_filesystem_size_bytes{labels} {found.f_blocks * found.f_frsize}\n"
            )
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write((text + file.read_text()).encode())

        def log_message(self, *_: object) -> None:
            pass

    write(file, CHECKED)
    with ThreadingHTTPServer(("127.0.0.1", 0), Exporter) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
