"""The tokens that open providers' calls: fetched once, shared by all threads, renewed ahead.

A token that has grown old is still good for a while: one thread renews it, and the others go on
with the old one meanwhile, as a new one may take twenty seconds.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable

import msgspec

from hoardrun.payments.providers.interface import AnyProvider, Request, Token
from realtime.outgoing import Reply

# Protocols tell of a life that ends early, so that there is time to renew a token.
GOOD_FOR_LONGER = 1.15
Fetch = Callable[[Request], Reply]


class NoToken(Exception):
    """There is no token: `reply` is what its provider has answered."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply.status or reply.error))
        self.reply = reply


class Kept(msgspec.Struct, frozen=True):
    token: Token
    fetched_at: float  # monotonic

    def is_fresh(self, now: float) -> bool:
        return now < self.fetched_at + self.token.seconds

    def is_good(self, now: float) -> bool:
        return now < self.fetched_at + self.token.seconds * GOOD_FOR_LONGER


class Tokens:
    """The tokens of this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, Kept] = {}
        self._locks: dict[str, threading.Lock] = {}

    def get(self, provider: AnyProvider, base_url: str, request: Request, fetch: Fetch) -> str:
        """Return a token, fetched by `request` if there is none. Raises NoToken."""
        key = _key(base_url, request)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
            kept = self._kept.get(key)
        now = self._clock()
        if kept is not None and kept.is_fresh(now):
            return kept.token.value
        is_old = kept is not None and kept.is_good(now)
        if not lock.acquire(blocking=not is_old):
            assert kept is not None
            return kept.token.value  # another thread renews it
        try:
            newer = self._kept.get(key)
            if newer is not None and newer is not kept and newer.is_fresh(self._clock()):
                return newer.token.value  # another thread has just fetched it
            reply = fetch(request)
            token = provider.read_token(reply)
            if token is None:
                if is_old and kept is not None:
                    return kept.token.value
                raise NoToken(reply)
            self._kept[key] = Kept(token, self._clock())
            return token.value
        finally:
            lock.release()

    def drop(self, base_url: str, request: Request, value: str) -> None:
        """Forget a token that was refused, unless there is another one by now."""
        key = _key(base_url, request)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept.token.value == value:
                del self._kept[key]


def _key(base_url: str, request: Request) -> str:
    """Name a token by what it is asked for with: other keys have other tokens."""
    parts = (base_url, request.path, *sorted(request.headers.items()), request.body)
    return hashlib.sha256(repr(parts).encode()).hexdigest()
