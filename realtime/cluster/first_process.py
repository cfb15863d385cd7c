"""The work of process 1 of a container: pass signals on, and reap what has lost its parent.

The kernel gives process 1 all orphans, and delivers to it only the signals that it handles. A
process that serves does neither: so it runs as a child of one that does nothing else, as under
tini or `docker run --init`.
"""

from __future__ import annotations

import os
import signal
import sys

# Those that `serve` and the workers of queues understand.
PASSED_ON = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGTTIN,
    signal.SIGTTOU,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


def step_down() -> None:
    """Go on as a child, if this is process 1, which then ends as this one ends.

    Call it before anything has a thread, a connection or a child.
    """
    if os.getpid() != 1:
        return
    waited = {*PASSED_ON, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, waited)  # none is lost meanwhile
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    sys.stdout.flush()
    os._exit(_look_after(child, waited))


def _look_after(child: int, waited: set[signal.Signals]) -> int:
    """Return the exit code of the child once it has ended: 128 and the signal, if by one."""
    while True:
        number = signal.sigwait(waited)
        if number != signal.SIGCHLD:
            os.kill(child, number)
            continue
        while True:
            try:
                ended, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if ended == 0:
                break
            if ended == child:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
