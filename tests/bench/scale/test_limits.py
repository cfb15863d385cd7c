"""One node, PostgreSQL and Redis carry the users that the limits name, and no more."""

from __future__ import annotations

from dataclasses import replace

from bench.scale.deployment import BUSIEST_HOUR, Deployment
from bench.scale.limits import carried, met
from bench.scale.needs import needs
from tests.bench.scale import made_up

UNITS = made_up.units(
    login_us=1000.0, own_us=1000.0, append_postgres_us=300.0, event_bytes=500.0, scan_wall_us=8.0,
    wake_redis_us=5.0, group_bytes=300.0,
)  # fmt: skip
OF = Deployment()


def test_each_limit_is_full_a_little_above_what_it_carries():
    found = carried(UNITS, OF, 1)
    assert [each.users for each in found] == sorted(each.users for each in found)
    for limit, users in found:
        for count, is_full in ((users, False), (round(users * 1.04), True)):
            of = replace(OF, users=count)
            used = limit.used(UNITS, of, needs(UNITS, of, 1, BUSIEST_HOUR))
            assert (used > 1) == is_full, (limit.name, count, used)


def test_a_deployment_has_gone_beyond_the_limits_below_its_size():
    found = carried(UNITS, OF, 1)
    assert met(found, found[2].users + 1) == found[:3]
