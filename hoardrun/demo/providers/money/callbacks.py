"""Send callbacks, by POST or by PUT, and from an address that is to be distrusted."""

from __future__ import annotations

import http.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal
from urllib.parse import urlsplit

from hoardrun.demo.providers.money.clock import Agenda
from hoardrun.demo.providers.mood import Mood

SECONDS, TRIES = 10, 5
HOME, STRANGER = "127.0.0.1", "127.0.0.2"
# One of Safaricom's own addresses, which a forger writes where a careless reader looks.
CLAIMED = "196.201.214.200"


@dataclass(frozen=True)
class Callback:
    """A callback to be sent."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    method: Literal["POST", "PUT"] = "POST"
    source: str = HOME


class Sender:
    """Sends callbacks as late and as often as the mood has it, and again while they are refused.

    `posted` has each with the status of its answer; 0 stands for none.
    """

    def __init__(self, agenda: Agenda, mood: Mood) -> None:
        self.posted: list[tuple[Callback, int]] = []
        self._agenda = agenda
        self._mood = mood

    def send(self, callbacks: Iterable[Callback]) -> None:
        for callback in callbacks:
            for delay in self._mood.delays():
                if delay:
                    self._later(delay, callback, 1)
                else:
                    self._post(callback, 1)

    def _later(self, seconds: float, callback: Callback, tried: int) -> None:
        when = self._agenda.clock.now() + seconds
        self._agenda.at(when, partial(self._post, callback, tried))

    def _post(self, callback: Callback, tried: int) -> None:
        status, _ = post(callback)
        self.posted.append((callback, status))
        is_taken = 200 <= status < 300 or callback.source == STRANGER  # who tries once
        if not is_taken and tried < TRIES:
            self._later(2.0 ** (tried - 1), callback, tried + 1)


def forged(callback: Callback) -> Callback:
    """Return a callback as somebody else would send it."""
    headers = {**callback.headers, "X-Forwarded-For": CLAIMED}
    return replace(callback, headers=headers, source=STRANGER)


def post(callback: Callback) -> tuple[int, bytes]:
    """Send a callback; return status and body of the answer, or 0 where there is none."""
    parts = urlsplit(callback.url)
    secure = parts.scheme == "https"
    link = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Content-Type": "application/json", **callback.headers}
    source = None if callback.source == HOME else (callback.source, 0)
    connection = link(parts.hostname or "", parts.port, timeout=SECONDS, source_address=source)
    try:
        connection.request(callback.method, path, callback.body, headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    except (OSError, http.client.HTTPException):
        # A machine may have one address of its own only.
        return post(replace(callback, source=HOME)) if source else (0, b"")
    finally:
        connection.close()
