"""Post delivery reports and incoming SMS to the webhooks of a deployment, as providers do."""

from __future__ import annotations

import base64
import hashlib
import heapq
import hmac
import itertools
import threading
import time
import urllib.request
from collections.abc import Mapping
from typing import Self
from urllib.parse import parse_qsl

from hoardrun.demo.providers.mood import Mood

FORM = "application/x-www-form-urlencoded"
TRIES = 5


class Reporter:
    """Posts each form at its time, and again after a pause where the answer is not 2xx."""

    def __init__(
        self,
        mood: Mood | None = None,
        *,
        after: float = 0.5,
        pause: float = 1,
        threads: int = 1,
    ) -> None:
        self.after = after  # seconds from one report of a message to the next
        self.pause = pause  # seconds until the second try; doubled for each further one
        self.posted: list[tuple[str, bytes, int]] = []  # URL, body, status; 0: no answer
        self._mood = mood or Mood()
        self._waiting: list[tuple[float, int, int, str, bytes, Mapping[str, str]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._ends = False
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        # No proxy of the environment: what is called is on this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def waiting(self) -> int:
        """Return how many forms are still to be posted."""
        return len(self._waiting)

    def send(self, url: str, body: bytes, headers: Mapping[str, str], *, number: int = 1) -> None:
        """Post a form, as the `number`th of its message; as often and as late as the mood says."""
        for delay in self._mood.delays():
            self._later(number * self.after + delay, 1, url, body, headers)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Post a form now; return status and body of the answer, or 0 where there is none."""
        given = {"Content-Type": FORM, **headers}
        request = urllib.request.Request(url, body, given, method="POST")
        try:
            with self._opener.open(request, timeout=10) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def again(self, status: int, tried: int) -> float | None:
        """Return after how many seconds a form is posted again; None if it is not."""
        if 200 <= status < 300 or tried >= TRIES:
            return None
        return self.pause * 2.0 ** (tried - 1)

    def _later(
        self, delay: float, tried: int, url: str, body: bytes, headers: Mapping[str, str]
    ) -> None:
        with self._changed:
            item = time.monotonic() + delay, next(self._numbers), tried, url, body, headers
            heapq.heappush(self._waiting, item)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._ends and not self._is_due():
                    left = self._waiting[0][0] - time.monotonic() if self._waiting else None
                    self._changed.wait(left)
                if self._ends:
                    return
                _, _, tried, url, body, headers = heapq.heappop(self._waiting)
            status, _ = self.post(url, body, headers)
            self.posted.append((url, body, status))
            if (pause := self.again(status, tried)) is not None:
                self._later(pause, tried + 1, url, body, headers)

    def _is_due(self) -> bool:
        return bool(self._waiting) and self._waiting[0][0] <= time.monotonic()


def twilio_signature(token: str, url: str, body: bytes) -> str:
    """Sign a form as Twilio does: its URL, then each name with its value, by the names' order."""
    pairs = sorted(parse_qsl(body.decode(), keep_blank_values=True))
    signed = url + "".join(name + value for name, value in pairs)
    digest = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
