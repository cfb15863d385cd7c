"""Several processes that serve one address: the parent that keeps them, and how they end.

The parent replaces a worker that dies or hangs. A worker ends with its parent, however the
parent ends: it would hold the port, and no new parent could serve.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import multiprocess

from realtime.cluster.listening import Listeners, admit_again
from realtime.meters import here
from realtime.options import options as engine

logger = logging.getLogger("uvicorn.error")

PR_SET_PDEATHSIG = 1
LOOK_SECONDS = 1.0
# Beyond the time of a drain: for clients to answer the last close, and for the end.
MARGIN_SECONDS = 20.0


class Worker(multiprocess.Process):
    """One of the processes, numbered from 0. `new_server` makes what it runs, in the worker."""

    def __init__(
        self,
        config: uvicorn.Config,
        sockets: list[socket.socket],
        new_server: Callable[[uvicorn.Config], uvicorn.Server],
        number: int,
    ) -> None:
        self._new_server = new_server
        self._number = number
        self._parent = os.getpid()
        self._patience = engine().drain_delay_seconds + engine().drain_seconds + MARGIN_SECONDS
        super().__init__(config, sockets)

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = self._new_server(self.config)
        return self._server

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        here.number(self._number)
        end_with(self._parent, self._patience)
        super().target(sockets)


def end_with(parent: int, patience: float) -> None:
    """End this process as by SIGTERM once `parent` has ended, and at once `patience` later.

    On Linux the kernel sends the signal. A look every LOOK_SECONDS finds a parent that ended
    before the kernel was asked, and serves other systems.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        logger.warning("The parent process [%d] has ended: this worker ends too.", parent)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(patience)
        os._exit(1)

    threading.Thread(target=look, name="hoardrun-parent", daemon=True).start()


class Supervisor(multiprocess.Multiprocess):
    """uvicorn's parent process, whose workers have a listening socket each.

    A worker that takes another's place takes its socket too, with all that has connected to it,
    and its number.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        listeners: Listeners,
        new_server: Callable[[uvicorn.Config], uvicorn.Server],
    ) -> None:
        super().__init__(config, sockets=[])
        self._listeners = listeners
        self._new_server = new_server

    def _started(self, number: int) -> Worker:
        listening = self._listeners.sockets[number]
        admit_again(listening)  # its worker may have drained by itself
        worker = Worker(self.config, [listening], self._new_server, number)
        worker.start()
        return worker

    def init_processes(self) -> None:
        self.processes += [self._started(number) for number in range(len(self._listeners.sockets))]

    def terminate_all(self) -> None:
        """Let all drain. Those that drain still refuse; nobody waits at the socket of one that has.

        The kernel shares out among the sockets that are left.
        """
        super().terminate_all()
        self._listeners.close()

    def keep_subprocess_alive(self) -> None:
        """Replace workers that have died, and kill those that do not answer."""
        for number, worker in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if worker.is_alive(timeout=self.config.timeout_worker_healthcheck):
                continue
            worker.kill()
            worker.join()
            if worker.exitcode == STARTUP_FAILURE:  # the next would fail in the same way
                logger.error("Worker [%s] failed to start: stopping all.", worker.pid)
                self.should_exit.set()
                return
            logger.info("Worker [%s] died: starting another.", worker.pid)
            self.processes[number] = self._started(number)

    def restart_all(self) -> None:
        """Replace each worker, the next one once the new one serves and the old one has ended."""
        for number, old in enumerate(self.processes):
            new = self._started(number)
            if not new.wait_until_ready(self.config.timeout_worker_healthcheck, self.should_exit):
                new.kill()
                new.join()
                logger.error("Worker [%s] was not ready in time: keeping [%s].", new.pid, old.pid)
                return
            old.terminate()
            old.join()
            admit_again(self._listeners.sockets[number])
            self.processes[number] = new

    def handle_ttin(self) -> None:
        """Add a worker."""
        self._listeners.add()
        self.processes.append(self._started(len(self._listeners.sockets) - 1))

    def handle_ttou(self) -> None:
        """Take the last worker away, unless it is the only one."""
        if len(self.processes) == 1:
            return
        worker = self.processes.pop()
        worker.terminate()
        self._listeners.remove()
        worker.join()
