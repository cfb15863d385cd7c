"""Rate limits: token buckets for sockets, users and addresses."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address

_SWEEP_SIZE = 1000
_PREFIX_BITS = 64  # of IPv6: what one customer has at the least, and changes in at will


def utf8_size(text: str) -> int:
    """Return how many bytes a text takes as UTF-8, without encoding what is ASCII."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


@lru_cache(maxsize=4096)  # each login asks for it several times
def network_of(address: str) -> str:
    """Return the network that an address is counted in: itself, or its /64 for IPv6.

    An IPv4 address in IPv6 notation counts as IPv4; a text that is no address stays as it is.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((found, _PREFIX_BITS), strict=False))


class TokenBucket:
    """Allow `rate` messages a second on average, and `burst` at once."""

    __slots__ = ("_burst", "_rate", "_tokens", "_updated")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._updated = 0.0

    def take(self, now: float) -> bool:
        """Take one token; False when there is none. `now` is monotonic seconds."""
        self._fill(now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def charge(self, tokens: float, now: float) -> None:
        """Take tokens that may not be there yet: the next ones are given later."""
        self._fill(now)
        self._tokens -= tokens

    def wait(self, now: float) -> float:
        """Return the seconds until no token is owed."""
        self._fill(now)
        return max(0.0, -self._tokens / self._rate)

    def _fill(self, now: float) -> None:
        elapsed = now - self._updated
        self._updated = now
        if elapsed > 0:
            filled = self._tokens + elapsed * self._rate
            self._tokens = filled if filled < self._burst else self._burst

    def has(self, now: float) -> bool:
        """Say whether there is a token, without taking it."""
        return self._tokens + max(0.0, now - self._updated) * self._rate >= 1

    def is_full(self, now: float) -> bool:
        """Say whether it is as good as new, so that it need not be kept."""
        return self._tokens + (now - self._updated) * self._rate >= self._burst


class Buckets:
    """A token bucket for each key, kept only while it is not full."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: dict[Hashable, TokenBucket] = {}
        self._sweep_at = _SWEEP_SIZE

    def take(self, key: Hashable, now: float) -> bool:
        """Take one token of `key`; False when there is none. `now` is monotonic seconds."""
        return self._bucket(key, now).take(now)

    def charge(self, key: Hashable, tokens: float, now: float) -> None:
        """Take tokens of `key` that may not be there yet."""
        self._bucket(key, now).charge(tokens, now)

    def wait(self, key: Hashable, now: float) -> float:
        """Return the seconds until `key` owes no token."""
        bucket = self._buckets.get(key)
        return 0.0 if bucket is None else bucket.wait(now)

    def has(self, key: Hashable, now: float) -> bool:
        """Say whether `key` has a token, without taking it."""
        bucket = self._buckets.get(key)
        return bucket is None or bucket.has(now)

    def __len__(self) -> int:
        return len(self._buckets)

    def _bucket(self, key: Hashable, now: float) -> TokenBucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._sweep_at:
                self._sweep(now)
            bucket = self._buckets[key] = TokenBucket(self._rate, self._burst)
        return bucket

    def _sweep(self, now: float) -> None:
        self._buckets = {
            key: bucket for key, bucket in self._buckets.items() if not bucket.is_full(now)
        }
        # Doubling keeps the cost of sweeping a constant share.
        self._sweep_at = max(_SWEEP_SIZE, 2 * len(self._buckets))
