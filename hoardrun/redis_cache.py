"""Django's cache over one Redis or several: each key belongs to one, by a hash of its name.

With a tag in braces in its name, a key goes where all keys with that tag are.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from zlib import crc32

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

from hoardrun import redis_address
from hoardrun.redis_address import Address

# A request waits for it: for a frozen Redis no longer than that.
PATIENCE = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
_TAG = re.compile(r"\{(.+?)\}")


class HashedClient(RedisCacheClient):
    """The client behind RedisCache, for the address or addresses of one REDIS_URL."""

    _client: Any  # of the base class, whose stubs leave these out
    _pool_options: dict[str, Any]
    _serializer: Any

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, **options)
        self._addresses = redis_address.parse(servers[0])
        self._clients: dict[int, Any] = {}

    def place_of(self, key: str) -> int:
        """Return the number of the Redis that a key belongs to."""
        tag = _TAG.search(key)
        return crc32((tag[1] if tag else key).encode()) % len(self._addresses)

    def _client_of(self, place: int) -> Any:
        """Return a client, which any thread may use: making one takes as long as a call."""
        if place not in self._clients:
            pool = _pool(self._addresses[place], self._pool_options)
            self._clients[place] = self._client(connection_pool=pool)
        return self._clients[place]

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        return self._client_of(0 if key is None else self.place_of(key))

    def _divided(self, keys: Iterable[str]) -> Iterable[tuple[Any, list[str]]]:
        """Yield each client with its keys."""
        places: dict[int, list[str]] = defaultdict(list)
        for key in keys:
            places[self.place_of(key)].append(key)
        for place, its in places.items():
            yield self._client_of(place), its

    def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for client, its in self._divided(keys):
            values = zip(its, client.mget(its), strict=True)
            found |= {key: self._serializer.loads(value) for key, value in values if value}
        return found

    def set_many(self, data: Mapping[Any, Any], timeout: Any) -> None:
        for client, its in self._divided(data):
            pipeline = client.pipeline(transaction=False)
            for key in its:
                pipeline.set(key, self._serializer.dumps(data[key]), ex=timeout)
            pipeline.execute()

    def delete_many(self, keys: Iterable[Any]) -> None:
        for client, its in self._divided(keys):
            client.delete(*its)

    def clear(self) -> bool:
        clients = map(self._client_of, range(len(self._addresses)))
        emptied = [bool(client.flushdb()) for client in clients]
        return all(emptied)


class HashedRedisCache(RedisCache):
    """A backend for CACHES whose LOCATION is a REDIS_URL."""

    _cache: HashedClient  # of the base class

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__([server], params)
        self._class = HashedClient


def _pool(address: Address, options: Mapping[str, Any]) -> Any:
    # No second try: redis-py would wait for seconds. The errors named in it end a connection; one
    # that timed out and was kept would go on with the old master, or read another call's answer.
    retry = Retry(NoBackoff(), 0, supported_errors=(RedisConnectionError, RedisTimeoutError))
    options = {**PATIENCE, **options, "retry": retry}
    if not address.master:
        return ConnectionPool.from_url(address.url, **options)
    asked = {**PATIENCE, "retry": Retry(NoBackoff(), 0), **address.sentinel_options}
    untyped: Any = Sentinel
    sentinel = untyped(address.sentinels, sentinel_kwargs=asked)
    untyped = SentinelConnectionPool
    return untyped(address.master, sentinel, **{**options, **address.options})
