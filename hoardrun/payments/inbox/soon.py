"""Read callbacks on a thread of the process that has stored them, right after their answers.

What is lost with the process is found by the workers.
"""

from __future__ import annotations

import logging
import queue
import threading

from django.db import connections

from hoardrun.payments.inbox import processing

logger = logging.getLogger(__name__)

_waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
_lock = threading.Lock()
_thread: threading.Thread | None = None


def process(receipt_id: int) -> None:
    """Have a stored callback read soon."""
    global _thread
    _waiting.put(receipt_id)
    with _lock:
        if _thread is None or not _thread.is_alive():  # also after a fork
            _thread = threading.Thread(target=_run, name="hoardrun-callbacks", daemon=True)
            _thread.start()


def _run() -> None:
    while True:
        receipt_id = _waiting.get()
        try:
            processing.process(receipt_id)
        except Exception as error:  # such as a database that is away
            logger.warning("callback %s is left to the workers: %r", receipt_id, error)
        if _waiting.empty():
            connections.close_all()
