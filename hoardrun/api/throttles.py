"""Rate limits of HTTP requests: counted in the cache, and by each process without it.

RequestThrottle
├── EveryRequest     all paths: reads and writes of a user, requests of a stranger's address
├── TicketThrottle   tickets of a user
├── BroadcastThrottle
└── LoginThrottle    logins over the API; LoginAttempt counts them together with those by forms
"""

from __future__ import annotations

import hashlib
import logging
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar, TypeVar

from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from rest_framework.permissions import SAFE_METHODS
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from hoardrun.api import counts
from hoardrun.api.windows import Rate, moment_of, rate_of, wait_seconds
from hoardrun.stores import MAX_CACHED
from realtime.core.limits import network_of

logger = logging.getLogger(__name__)

KNOWN_SECONDS = 30 * 86_400  # for which an address stays known as one of a user name
AWAY_SECONDS = 10.0  # for how long a cache that failed is not asked again

_own = LocMemCache("throttles", {"OPTIONS": {"MAX_ENTRIES": MAX_CACHED}})
R = TypeVar("R")


@cache
def shared() -> BaseCache:
    """Return the cache that all processes share: one object for all threads and requests.

    Django's own are made anew for each request that it serves, and connect anew to Redis.
    """
    return caches.create_connection("default")


class _Counts:
    """The store of counts: the cache, or this process while the cache is away.

    While Redis is away, no request is refused for it, and no guess is uncounted. A call to a
    frozen Redis takes half a second, so after a failure one request in AWAY_SECONDS tries it.
    """

    def __init__(self) -> None:
        self._asks_again: dict[int, float] = {}  # monotonic, by the Redis that was away

    def use(self, key: str, call: Callable[[BaseCache], R]) -> R:
        """Call with the cache, or with the counts of this process, about keys with this tag."""
        store, now = shared(), time.monotonic()
        place = counts.place_of(store, key)
        was_away = place in self._asks_again
        if was_away and now < self._asks_again[place]:
            return call(_own)
        if was_away:
            self._asks_again[place] = now + AWAY_SECONDS  # the others do not wait for this try
        try:
            found = call(store)
        except counts.failures_of(store) as error:
            if not was_away:
                logger.warning("cache: this process counts for itself: %r", error)
            self._asks_again[place] = time.monotonic() + AWAY_SECONDS
            return call(_own)
        if was_away:
            self._asks_again.pop(place, None)
            logger.warning("cache: works again, and counts for all processes")
        return found


_with_cache = _Counts().use


class Counter:
    """The use of a rate by one key; every process that shares the cache sees the same."""

    clock: ClassVar[Callable[[], float]] = time.time

    def __init__(self, scope: str, key: str) -> None:
        self.rate: Rate = rate_of(str(api_settings.DEFAULT_THROTTLE_RATES[scope]))
        self._moment = moment_of(self.rate, Counter.clock())
        digest = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:40]
        self._keys = [
            f"throttle-{scope}-{{{digest}}}-{self._moment.window + number}" for number in (-1, 0)
        ]
        self.wait = 0.0

    def take(self, cost: int = 1) -> bool:
        """Use `cost` units up, if they are there. Atomic: of requests at once, each counts."""
        cost, share = min(cost, self.rate.limit), self._moment.share
        found = _with_cache(
            self._keys[0], lambda store: counts.take(store, self._keys, self.rate, share, cost)
        )
        if not found.allowed:
            self.wait = wait_seconds(self.rate, cost, found.previous, found.current, share)
        return found.allowed

    def give_back(self, cost: int = 1) -> None:
        """Undo what `take` of this counter did, in the window in which it did so."""
        _with_cache(self._keys[0], lambda store: counts.give_back(store, self._keys[1], cost))


def address_of(request: Any) -> str:
    """Return the network of the peer, as the proxies of TRUSTED_PROXIES name it."""
    return network_of(str(request.META.get("REMOTE_ADDR", "")))


def user_of(request: Any) -> str:
    """Return whose request it is: a user's, or of an address."""
    pk = getattr(request.user, "pk", None)
    return f"address {address_of(request)}" if pk is None else f"user {pk}"


class RequestThrottle(BaseThrottle):
    """Let a request pass that its user's counter has room for."""

    scope: ClassVar[str]  # in the settings' rates

    def allow_request(self, request: Any, view: Any) -> bool:
        counter = Counter(self.scope, user_of(request))
        allowed = counter.take()
        self._wait = counter.wait
        return allowed

    def wait(self) -> float:
        return self._wait


class EveryRequest(RequestThrottle):
    """Count each user's reads and writes, and what strangers ask from one address.

    A view says what a request is worth with `cost`, in units of about five milliseconds. Without
    a view it costs one unit. A view with `counted_as` names another limit, and what that counts.
    """

    def allow_request(self, request: Any, view: Any) -> bool:
        if (counted_as := getattr(view, "counted_as", None)) is not None:
            scope, what = counted_as
            counter = Counter(scope, what)
            self._wait, allowed = 0.0, counter.take()
            self._wait = counter.wait
            return allowed
        is_known = getattr(request.user, "pk", None) is not None
        scope = "read" if request.method in SAFE_METHODS else "write"
        counter = Counter(scope if is_known else "stranger", user_of(request))
        allowed = counter.take()  # first, so that a body that cannot be read counts as well
        # Do not read the body of a stranger: the request is about to be refused, or the path
        # needs no login and costs one unit.
        more = view.cost(request) - 1 if allowed and is_known and hasattr(view, "cost") else 0
        if more > 0:
            allowed = counter.take(more)
            if not allowed:
                counter.give_back()
        self._wait = counter.wait
        return allowed


@contextmanager
def reads(user_id: int, units: int) -> Iterator[bool]:
    """Count a read of a user, as EveryRequest does; yield False if it has no room.

    Then nothing was counted, as after an error inside: the code that answers then counts by itself.
    """
    counter = Counter("read", f"user {user_id}")
    is_allowed = counter.take(units)
    try:
        yield is_allowed
    except BaseException:
        if is_allowed:
            counter.give_back(min(units, counter.rate.limit))
        raise


class TicketThrottle(RequestThrottle):
    scope = "ticket"


class BroadcastThrottle(RequestThrottle):
    scope = "broadcast"


class LoginThrottle(RequestThrottle):
    """Slow down guessing over the API; the view says when a login was right."""

    def allow_request(self, request: Any, view: Any) -> bool:
        data: Any = request.data
        name = str(data.get("username")) if isinstance(data, Mapping) else ""
        view.attempt = LoginAttempt(request, name)
        self._wait = view.attempt.wait
        return bool(view.attempt.allowed)


class LoginAttempt:
    """An attempt to log in, counted as a guess until it has succeeded.

    Counts guesses at one name from one address, at many names, and from many addresses. The last
    two count what has failed, as a login that succeeds is given back. Guesses from elsewhere keep
    nobody out: an address from which a name has logged in before is not counted for that name's
    limit over all addresses.
    """

    def __init__(self, request: Any, name: str) -> None:
        # As the logins read it: neither blanks, nor case, nor another way to write the same
        # letters (which forms take for the same) must begin a new count.
        name = unicodedata.normalize("NFKC", name).strip().casefold()
        address = address_of(request)
        pair = f"{address} {name}"
        self._known = f"login-known-{hashlib.sha256(pair.encode(errors='replace')).hexdigest()}"
        self._failures = [Counter("login_address", address)]
        if not _with_cache(self._known, lambda store: store.get(self._known)):
            self._failures.append(Counter("login_name", name))
        self.allowed, self.wait = _take_all([Counter("login", pair), *self._failures])

    def succeeded(self) -> None:
        """Say that the login was right: it counts as no failure, and its address is known.

        The units go back to the windows that they are from: a login may end in the next one.
        """
        while self._failures:
            self._failures.pop().give_back()
        _with_cache(self._known, lambda store: store.set(self._known, 1, KNOWN_SECONDS))


def _take_all(counters: Sequence[Counter]) -> tuple[bool, float]:
    """Take one unit of each counter, or of none; return whether, and else how long to wait."""
    for number, counter in enumerate(counters):
        if not counter.take():
            for taken in counters[:number]:
                taken.give_back()
            return False, counter.wait
    return True, 0.0


def password_guesses(user: Any) -> Counter:
    """Return what counts the wrong passwords that a user gives for the own one, once logged in."""
    return Counter("login_name", f"user {user.pk}")
