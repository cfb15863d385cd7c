"""Add to and take from the counts of a cache: in Redis by one script for each call.

A script is one round trip, and no other process comes in between. Other caches are of this
process only, where a lock keeps its other threads out. The client of Redis is loaded where there
is one.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from threading import Lock
from typing import Any, NamedTuple

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.redis import RedisCache

from hoardrun.api.windows import Rate, used

_TAKE = """
local previous = tonumber(redis.call('GET', KEYS[1]) or 0)
local current = tonumber(redis.call('GET', KEYS[2]) or 0)
local cost = tonumber(ARGV[1])
if previous * (1 - tonumber(ARGV[3])) + current + cost > tonumber(ARGV[2]) then
  return {0, previous, current}
end
current = redis.call('INCRBY', KEYS[2], cost)
if current == cost then redis.call('EXPIRE', KEYS[2], ARGV[4]) end
return {1, previous, current}
"""
_GIVE_BACK = "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('DECRBY', KEYS[1], ARGV[1]) end"
_alone = Lock()


class Taken(NamedTuple):
    """The result of `take`: if it was allowed, and the units that both windows have used now."""

    allowed: bool
    previous: int
    current: int


def place_of(store: BaseCache, key: str) -> int:
    """Return the number of the Redis that a key belongs to; 0 where there is none."""
    if not isinstance(store, RedisCache):
        return 0
    client: Any = store
    return int(client._cache.place_of(key))


def failures_of(store: BaseCache) -> tuple[type[Exception], ...]:
    """Return the errors of a cache that is away."""
    if not isinstance(store, RedisCache):
        return (OSError,)
    from redis.exceptions import RedisError

    return (RedisError, OSError)


def take(store: BaseCache, keys: list[str], rate: Rate, share: float, cost: int) -> Taken:
    """Use `cost` units up if they are there; `keys` are the window before and this one.

    Of requests at once, each counts.
    """
    if isinstance(store, RedisCache):
        found = _run(store, _TAKE, keys, cost, rate.limit, share, 2 * rate.seconds)
        return Taken(bool(found[0]), int(found[1]), int(found[2]))
    with _alone:
        counts = store.get_many(keys)
        previous, current = (int(counts.get(key, 0)) for key in keys)
        if used(previous, current, share) + cost > rate.limit:
            return Taken(False, previous, current)
        store.set(keys[1], current + cost, 2 * rate.seconds)
        return Taken(True, previous, current + cost)


def give_back(store: BaseCache, key: str, cost: int) -> None:
    """Return units to the window that they were taken from; nothing if that is forgotten."""
    if isinstance(store, RedisCache):
        _run(store, _GIVE_BACK, [key], cost)
        return
    with _alone, suppress(ValueError):
        store.decr(key, cost)


def _run(store: Any, script: str, keys: list[str], *values: Any) -> Any:
    from redis.exceptions import NoScriptError

    names = list(map(store.make_and_validate_key, keys))
    client = store._cache.get_client(names[0], write=True)
    arguments = [*names, *values]
    try:
        return client.evalsha(_SHA[script], len(keys), *arguments)
    except NoScriptError:  # Redis is new, or has forgotten it
        # Not by `register_script`: that loads it, which takes one more right of Redis's user.
        return client.eval(script, len(keys), *arguments)


_SHA = {text: hashlib.sha1(text.encode()).hexdigest() for text in (_TAKE, _GIVE_BACK)}
