"""A command of `manage.py` that runs beside `serve` in a process of its own, such as `deliver`.

It is started again if it ends by itself, and ended with the server, however that ends.
"""

from __future__ import annotations

import ctypes
import logging
import signal
import subprocess
import sys
import threading

from realtime.cluster.workers import PR_SET_PDEATHSIG

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 2.0  # after it has ended by itself
END_SECONDS = 20.0  # that it may take to end


class Companion:
    """Keeps one command running until `stop`."""

    def __init__(self, *command: str) -> None:
        self._command = [sys.executable, sys.argv[0], *command]
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="hoardrun-companion", daemon=True)

    def start(self) -> None:
        """Start the command, without waiting for it."""
        self._thread.start()

    def stop(self) -> None:
        """End the command by SIGTERM, and kill it if that takes too long."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                logger.error("%s did not end in time: killing it", self._command[2])
                process.kill()
        self._thread.join()

    def _keep(self) -> None:
        while not self._stopping.is_set():
            # This thread lives as long as the process: the kernel ends the command with both.
            self._process = subprocess.Popen(self._command, preexec_fn=_end_with_parent)
            code = self._process.wait()
            if not self._stopping.is_set():
                logger.error("%s has ended with %s: starting it again", self._command[2], code)
                self._stopping.wait(AGAIN_SECONDS)


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
