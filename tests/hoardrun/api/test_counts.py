"""Counts are the same in Redis and in a process, and cost one round trip in Redis."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from redis import Redis as Connection

from hoardrun.api import counts
from hoardrun.api.windows import Rate
from hoardrun.redis_cache import HashedRedisCache
from tests.hoardrun.tools import at_once
from tests.services.redis import Redis

pytestmark = pytest.mark.servers

KEYS = ["before", "now"]
RATE = Rate(10, 60)


@pytest.fixture(params=["process", "redis"])
def store(request: pytest.FixtureRequest) -> BaseCache:
    """An empty cache of each kind."""
    if request.param == "process":
        found: BaseCache = LocMemCache("counts", {})
        found.clear()
        return found
    server: Redis = request.getfixturevalue("redis")
    server.flush()
    return HashedRedisCache(server.url, {"KEY_PREFIX": "counts"})


def test_units_are_used_up_and_given_back(store: BaseCache) -> None:
    assert counts.take(store, KEYS, RATE, 0.5, 7) == (True, 0, 7)
    assert counts.take(store, KEYS, RATE, 0.5, 4) == (False, 0, 7)
    counts.give_back(store, "now", 2)
    assert counts.take(store, KEYS, RATE, 0.5, 4) == (True, 0, 9)


def test_the_window_before_counts_for_the_share_that_is_left_of_it(store: BaseCache) -> None:
    assert counts.take(store, ["earlier", "before"], RATE, 0.0, 10).allowed
    assert counts.take(store, KEYS, RATE, 0.25, 3) == (False, 10, 0)
    assert counts.take(store, KEYS, RATE, 0.75, 7) == (True, 10, 7)


def test_a_forgotten_count_is_not_given_back(store: BaseCache) -> None:
    counts.give_back(store, "now", 5)
    assert counts.take(store, KEYS, RATE, 0.0, 10) == (True, 0, 10)
    assert not counts.take(store, KEYS, RATE, 0.0, 1).allowed


@pytest.mark.django_db(transaction=True)
def test_takers_at_once_never_exceed_the_rate(store: BaseCache) -> None:
    def take(_: int) -> bool:
        return counts.take(store, KEYS, RATE, 0.0, 1).allowed

    assert sum(at_once(12, take)) + sum(map(take, range(12))) == 10


@pytest.mark.parametrize("act", [
    lambda store: counts.take(store, KEYS, RATE, 0.0, 1),
    lambda store: counts.give_back(store, "now", 1),
])  # fmt: skip
def test_an_act_is_one_round_trip_and_leaves_what_expires(
    redis: Redis, act: Callable[[BaseCache], object]
) -> None:
    store = HashedRedisCache(redis.url, {"KEY_PREFIX": "counts"})
    redis.flush()
    act(store)  # Redis may have to be sent the script
    with Connection.from_url(redis.url) as connection:
        connection.config_resetstat()
        act(store)
        found = connection.info("commandstats")
        assert found["cmdstat_evalsha"]["calls"] == 1
        # Redis counts the commands inside a script too; they are no round trips.
        outside = found.keys() - {
            "cmdstat_evalsha", "cmdstat_get", "cmdstat_incrby", "cmdstat_expire",
            "cmdstat_exists", "cmdstat_decrby", "cmdstat_config|resetstat", "cmdstat_info",
            "cmdstat_client|setinfo", "cmdstat_select",
        }  # fmt: skip
        assert outside == set()
        assert all(connection.ttl(key) > 0 for key in connection.scan_iter())


def test_redis_is_asked_for_no_right_that_the_documentation_does_not_name(redis: Redis) -> None:
    commands = ["+@connection", "+@read", "+@write", "-@scripting", "+eval", "+evalsha"]
    with Connection.from_url(redis.url) as connection:
        connection.acl_setuser(
            "counting", enabled=True, passwords=["+secret"], keys=["*"], commands=commands
        )
        connection.flushall()
        connection.script_flush()
    address = redis.url.replace("//", "//counting:secret@")
    store = HashedRedisCache(address, {"KEY_PREFIX": "counts"})
    assert counts.take(store, KEYS, RATE, 0.0, 7) == (True, 0, 7)
    counts.give_back(store, "now", 2)
    assert counts.take(store, KEYS, RATE, 0.0, 5) == (True, 0, 10)
