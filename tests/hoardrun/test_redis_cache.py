"""The cache and the layer reach Redis as REDIS_URL says: Sentinel, several, TLS, an ACL user."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as redis_library
from channels.layers import get_channel_layer
from django.core.cache import caches
from django.test import override_settings
from redis.exceptions import RedisError

from hoardrun import stores
from hoardrun.api import counts
from hoardrun.api.windows import Rate
from hoardrun.redis_cache import HashedRedisCache
from realtime.layer import groups
from realtime.layer.receive import LayerReceiver
from realtime.layer.send import send_all
from realtime.layer.trouble import trouble
from tests.hoardrun.deployment import read
from tests.services.ports import PATIENCE, until
from tests.services.redis import Redis
from tests.services.sentinel import WatchedRedis
from tests.services.tls import TlsRedis, make_certificates

ROOT = Path(__file__).parents[2]
PREFIX = "hoardrun-test"

pytestmark = pytest.mark.operation


@pytest.fixture(scope="module")
def three() -> Iterator[list[Redis]]:
    found = [Redis(f"redis-cache-{uuid.uuid4().hex[:8]}") for _ in range(3)]
    yield found
    for store in found:
        store.thaw()
        store.stop()


def cache_at(url: str) -> HashedRedisCache:
    found = stores.cache(read(REDIS_URL=url, REDIS_PREFIX=PREFIX))
    return HashedRedisCache(found["LOCATION"], found)


def use(url: str) -> override_settings:
    given = read(REDIS_URL=url, REDIS_PREFIX=PREFIX)
    return override_settings(
        CHANNEL_LAYERS={"default": stores.channel_layer(given)},
        CACHES={"default": stores.cache(given)},
    )


def test_the_keys_of_the_cache_are_divided_among_several_redis(three: list[Redis]) -> None:
    cache = cache_at(",".join(store.url for store in three))
    values = {f"key-{number}": number for number in range(100)}
    cache.set_many(values, 60)
    assert cache.get_many([*values, "other"]) == values
    assert [cache.get(key) for key in values] == list(values.values())
    for store in three:
        with redis_library.Redis.from_url(store.url) as client:
            assert 10 < client.dbsize() < 60
    cache.delete_many(list(values)[:50])
    assert sorted(cache.get_many(values).values()) == list(range(50, 100))
    cache.clear()
    assert not cache.get_many(values)


def test_a_frozen_redis_of_several_costs_only_what_is_its(three: list[Redis]) -> None:
    cache = cache_at(",".join(store.url for store in three))
    keys = [f"key-{number}" for number in range(30)]
    cache.set_many(dict.fromkeys(keys, 1), 60)
    three[0].freeze()
    works = 0
    for key in keys:
        if cache._cache.place_of(cache.make_key(key)) == 0:
            continue
        works += cache.get(key)
    three[0].thaw()
    assert works >= 10
    assert counts.take(cache, ["{a}-1", "{a}-2"], Rate(5, 60), 0.0, 5).allowed  # one script


async def prove(url: str) -> None:
    """Let a message go through the layer and a value through the cache."""
    with use(url):
        heard: list[Any] = []
        receiver = LayerReceiver("proof", heard.append, lambda: None)
        receiver.start()
        group = groups.stream_group("user:1")
        receiver.join(group, lambda: True)
        await until(lambda: receiver.is_in(group))
        assert await receiver.hears()
        message = {"type": "t", "from": groups.deployment()}
        assert await send_all([(group, message)]) == [1]
        await until(lambda: heard)
        cache = caches["default"]
        await asyncio.to_thread(cache.set, "proof", 1, 60)
        assert await asyncio.to_thread(cache.get, "proof") == 1
        await receiver.stop()
        await close_shared()
        assert not trouble, trouble.text


async def close_shared() -> None:
    shared: Any = get_channel_layer()
    await shared.flush()


def documented_acl() -> list[str]:
    """Return the words of the ACL line in docs/production.md."""
    lines = (ROOT / "docs/production.md").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("ACL SETUSER hoardrun ")]
    return line.replace("&hoardrun*", f"&{PREFIX}*").replace("~hoardrun*", f"~{PREFIX}*").split()


async def test_a_user_with_the_rights_of_the_documentation_is_enough(three: list[Redis]) -> None:
    with redis_library.Redis.from_url(three[0].url) as client:
        client.script_flush()
        client.execute_command(*documented_acl())
    await prove(three[0].url.replace("//", "//hoardrun:password@"))
    cache = cache_at(three[0].url.replace("//", "//hoardrun:password@"))
    assert counts.take(cache, ["{a}1", "{a}2"], Rate(5, 60), 0.0, 5).allowed
    counts.give_back(cache, "{a}2", 1)
    cache.delete("{a}2")
    with pytest.raises(RedisError):
        cache_at(three[0].url.replace("//", "//hoardrun:wrong@")).get("a")
    other = read(REDIS_URL=three[0].url.replace("//", "//hoardrun:password@"), REDIS_PREFIX="x")
    with pytest.raises(RedisError, match="permission"):
        HashedRedisCache(other.redis_url, stores.cache(other)).get("a")


async def test_it_is_reached_by_tls_with_a_ca_of_ones_own(tmp_path: Path) -> None:
    ca = make_certificates(tmp_path)
    with TlsRedis(tmp_path) as server:
        url = f"rediss://localhost:{server.port}/0"
        await prove(f"{url}?ssl_ca_certs={ca}")
        with pytest.raises(RedisError, match="(?i)certificate"):
            cache_at(url).get("a")  # the machine does not know this CA


@pytest.mark.operated(number=1)
@pytest.mark.operated(number=2)
@pytest.mark.parametrize("harm", ["kill", "freeze"])
async def test_layer_and_cache_follow_a_failover(harm: str) -> None:
    watched = await asyncio.to_thread(WatchedRedis)
    try:
        with use(watched.url):
            heard: list[Any] = []
            receiver = LayerReceiver("failover", heard.append, lambda: None)
            receiver.start()
            group = groups.stream_group("user:1")
            receiver.join(group, lambda: True)
            await until(lambda: receiver.is_in(group))
            cache = caches["default"]
            await asyncio.to_thread(cache.set, "before", 1)
            old = watched.master
            await asyncio.to_thread(getattr(old, harm))
            await asyncio.to_thread(watched.await_failover, old)
            async with asyncio.timeout(10 * PATIENCE):
                while not heard:
                    await send_all([(group, {"type": "t", "from": groups.deployment()})])
                    await asyncio.sleep(0.1)
                while not await asyncio.to_thread(_works, cache):
                    await asyncio.sleep(0.1)
                while not await receiver.hears():
                    await asyncio.sleep(0.1)
            assert not trouble, trouble.text
            peers = {shard._subscriber.peer for shard in receiver._layer.shards}
            assert peers == {f"127.0.0.1:{watched.master_port()}"}
            await receiver.stop()
            await close_shared()
    finally:
        await asyncio.to_thread(watched.stop)


def _works(cache: Any) -> bool:
    try:
        cache.set("after", 1)
    except (RedisError, OSError):
        return False
    return bool(cache.get("after") == 1)
