"""Take most of the CPU away from processes: stop them and let them go, in turn."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Sequence

PERIOD_SECONDS = 0.1


@contextlib.contextmanager
def starved(pids: Sequence[int], share: float) -> Iterator[None]:
    """Let processes run for `share` of each PERIOD_SECONDS only; whole again at the end.

    A process that ends meanwhile is left out.
    """
    over = threading.Event()

    def starve() -> None:
        while not over.is_set():
            _tell(pids, signal.SIGSTOP)
            over.wait(PERIOD_SECONDS * (1 - share))
            _tell(pids, signal.SIGCONT)
            over.wait(PERIOD_SECONDS * share)

    thread = threading.Thread(target=starve, name="starve")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _tell(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
