"""Which process this is, for labels and log lines: the machine, and the worker's number on it."""

from __future__ import annotations

import socket

node = socket.gethostname()[:200]
# From 0. `manage.py serve` numbers its workers; under another server, the first free port of
# metrics decides.
worker = 0
is_numbered = False


def number(index: int) -> None:
    """Say which worker this process is."""
    global worker, is_numbered
    worker, is_numbered = index, True
