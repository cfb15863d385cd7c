"""A server of a worker that takes its time to be made, by the one thread that runs it."""

from __future__ import annotations

import socket
import threading
import time

import uvicorn

from realtime.cluster.working import WorkingServer


class Started(WorkingServer):
    """A server without clients."""

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that it has started, and stay."""
        self.started = True
        time.sleep(60)


def slowly_made(configuration: uvicorn.Config) -> Started:
    """Make it, as the answers of the parent's questions must not."""
    assert threading.current_thread() is threading.main_thread()
    time.sleep(0.5)
    return Started(configuration)
