"""Several processes that serve one address: the parent that keeps them, and how they end.

The parent replaces a worker that dies or hangs: one that is frozen after some five seconds, one
whose event loop does not turn HUNG_SECONDS later. It never waits for a worker, so that it sees the
others meanwhile. A worker ends with its parent, however the parent ends: it would hold the port,
and no new parent could serve.
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
from collections import deque
from collections.abc import Callable

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import multiprocess

from realtime.cluster.listening import Listeners, admit_again
from realtime.cluster.service_manager import ServiceManager
from realtime.cluster.working import WorkingServer
from realtime.meters import here
from realtime.options import options as engine

logger = logging.getLogger("uvicorn.error")

PR_SET_PDEATHSIG = 1
LOOK_SECONDS = 1.0
JOIN_SECONDS = 0.1  # between two looks
READY_SECONDS = 60.0  # for a worker that is to replace another
# The parent's signals to a worker that leaves its port to others.
LEAVE_TO_SUCCESSOR, LEAVE_TO_OTHERS = signal.SIGUSR1, signal.SIGUSR2
# Beyond the time of a drain: for clients to answer the last close, and for the end.
MARGIN_SECONDS = 20.0


class Worker(multiprocess.Process):
    """One of the processes, numbered from 0. `new_server` makes its server, in the worker."""

    def __init__(
        self,
        config: uvicorn.Config,
        sockets: list[socket.socket],
        new_server: Callable[[uvicorn.Config], WorkingServer],
        number: int,
    ) -> None:
        self._new_server = new_server
        self._number = number
        self._parent = os.getpid()
        self._patience = engine().drain_delay_seconds + engine().drain_seconds + MARGIN_SECONDS
        self._working: WorkingServer | None = None
        self._kill_at: float | None = None  # monotonic, once it is to end
        super().__init__(config, sockets)

    @property
    def server(self) -> WorkingServer:
        assert self._working is not None
        return self._working

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        here.number(self._number)
        end_with(self._parent, self._patience)
        self._working = self._new_server(self.config)  # before a signal or a thread asks for it
        for number in (LEAVE_TO_SUCCESSOR, LEAVE_TO_OTHERS):
            signal.signal(number, self._leave)
        super().target(sockets)

    def _leave(self, number: int, frame: object) -> None:
        self.server.leave(has_successor=number == LEAVE_TO_SUCCESSOR)

    def pong(self) -> None:
        """Answer the parent, in a thread, once the event loop turns."""
        self.child_conn.recv()
        while self.server.is_hung:
            time.sleep(LOOK_SECONDS)
        self.child_conn.send(self.server.started)

    # -- what the parent calls

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Let it end by this signal; `has_ended` kills it if that takes too long. Idempotent."""
        if self._kill_at is not None:
            return
        self._kill_at = time.monotonic() + self._patience
        if self.pid is not None and self.exitcode is None:
            os.kill(self.pid, number)

    def has_ended(self) -> bool:
        """Say whether it has ended; kill it if it should have."""
        if self.process.is_alive():
            if self._kill_at is None or time.monotonic() < self._kill_at:
                return False
            logger.error("Worker [%s] did not end in time: killing it.", self.pid)
            self.process.kill()
        self.process.join()
        self.parent_conn.close()
        self.child_conn.close()
        return True


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
        new_server: Callable[[uvicorn.Config], WorkingServer],
        manager: ServiceManager,
    ) -> None:
        super().__init__(config, sockets=[])
        self._listeners = listeners
        self._manager = manager
        self._is_ready = False
        self._new_server = new_server
        self._old: deque[Worker] = deque()  # to be replaced, one after the other
        self._successor: Worker | None = None  # of the first of them, while it starts
        self._ready_by = 0.0
        self._leaving: list[Worker] = []
        self.workers: list[Worker] = []

    def _started(self, number: int) -> Worker:
        listening = self._listeners.sockets[number]
        admit_again(listening)  # its worker may have drained by itself
        worker = Worker(self.config, [listening], self._new_server, number)
        worker.start()
        return worker

    def init_processes(self) -> None:
        self.workers += [self._started(number) for number in range(len(self._listeners.sockets))]

    def terminate_all(self) -> None:
        """Drain all workers. A draining worker refuses newcomers, so none waits at its socket.

        The kernel shares out among the sockets that are left.
        """
        self._manager.stopping()
        self._old.clear()
        if self._successor is not None:
            self.workers.append(self._successor)
        for worker in self.workers:
            worker.end()
        self._listeners.close()

    def join_all(self) -> None:
        """Wait until all have ended."""
        for worker in [*self.workers, *self._leaving]:
            while not worker.has_ended():
                time.sleep(JOIN_SECONDS)

    def keep_subprocess_alive(self) -> None:
        """Replace workers that have died, kill those that do not answer, go on with a reload."""
        self._manager.alive()
        self._leaving = [worker for worker in self._leaving if not worker.has_ended()]
        for number, worker in enumerate(self.workers):
            if self.should_exit.is_set():
                return
            if worker.is_alive(timeout=self.config.timeout_worker_healthcheck):
                continue
            if worker.process.is_alive():
                logger.error("Worker [%s] does not answer: killing it.", worker.pid)
            worker.kill()
            worker.process.join()
            if worker.exitcode == STARTUP_FAILURE:  # the next would fail in the same way
                logger.error("Worker [%s] failed to start: stopping all.", worker.pid)
                self.should_exit.set()
                return
            logger.info("Worker [%s] died: starting another.", worker.pid)
            self.workers[number] = self._started(number)
        self._reload()
        if not self._is_ready and all(one.is_ready(LOOK_SECONDS) for one in self.workers):
            self._is_ready = True
            self._manager.ready()

    def restart_all(self) -> None:
        """Replace each worker, the next one once the new one serves and the old one has ended.

        Both accept from the same socket, so that no connection is refused or waits. Told again,
        replace once more those that are new already.
        """
        again = [worker for worker in self.workers if worker not in self._old]
        self._old.extend(again if self._successor is None else [*again, self._successor])

    def _reload(self) -> None:
        """Go on with a reload, without waiting."""
        while self._old and self._old[0] not in self.workers:  # it has died, or is taken away
            self._old.popleft()
            self._give_up()
        if not self._old or self._leaving:
            return
        old, new = self._old[0], self._successor
        if new is None:
            self._successor = self._started(self.workers.index(old))
            self._ready_by = time.monotonic() + READY_SECONDS
        elif new.is_ready(LOOK_SECONDS):
            self.workers[self.workers.index(old)] = new
            self._old.popleft()
            self._successor = None
            self._leave(old, LEAVE_TO_SUCCESSOR)
        elif not new.process.is_alive() or time.monotonic() > self._ready_by:
            logger.error("Worker [%s] was not ready in time: keeping [%s].", new.pid, old.pid)
            self._old.clear()
            self._give_up()

    def _give_up(self) -> None:
        """End the one that was to replace another."""
        if self._successor is not None:
            self._leave(self._successor, LEAVE_TO_SUCCESSOR)
            self._successor = None

    def _leave(self, worker: Worker, number: signal.Signals) -> None:
        worker.end(number)
        self._leaving.append(worker)

    def handle_ttin(self) -> None:
        """Add a worker."""
        self._listeners.add()
        self.workers.append(self._started(len(self._listeners.sockets) - 1))

    def handle_ttou(self) -> None:
        """Take the last worker away, unless it is the only one."""
        if len(self.workers) == 1:
            return
        worker = self.workers.pop()
        if self._old and self._old[0] is worker:
            self._give_up()
        self._leave(worker, LEAVE_TO_OTHERS if self._listeners.are_many else LEAVE_TO_SUCCESSOR)
        self._listeners.remove()
