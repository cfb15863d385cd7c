"""Nodes, PostgreSQL and Redis are enough for the busiest minute, and no more than that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.scale import needs as need_of
from bench.scale.day import play
from bench.scale.deployment import BUSIEST_HOUR, Deployment
from bench.scale.needs import Needs, mailed_a_minute, needs, spent, without_a_zone
from realtime.hub import reconcile
from tests.bench.scale import made_up

MILLION = Deployment(users=1_000_000)


def found(deployment: Deployment = MILLION, **costs: float) -> Needs:
    return needs(made_up.units(**costs), deployment, 1, BUSIEST_HOUR)


def test_all_sockets_have_a_place_while_a_zone_is_away():
    need = found()
    assert need.nodes_why == "sockets"  # 15 nodes hold them, of 20,000 each
    assert without_a_zone(MILLION, need.nodes) == 15 > without_a_zone(MILLION, need.nodes - 1)
    assert found(replace(MILLION, zones=1)).nodes == 15
    assert found(replace(MILLION, node_sockets=50_000)).nodes == 9  # 6 hold them


def test_a_node_has_the_memory_of_its_process_and_of_its_sockets():
    need = found(replace(MILLION, zones=1), socket_kib=10.0)
    assert need.node_mib * 1024 == pytest.approx(100_000 + 300_000 / 15 * 10)


def test_memory_needs_more_nodes_where_it_is_what_is_short():
    need = found(replace(MILLION, zones=1, node_mib=256), socket_kib=20.0)
    free = 256 * 1024 - 100_000
    assert need.nodes_why == "memory"
    assert (need.nodes - 1) * free < 300_000 * 20.0 <= need.nodes * free


def test_cpu_stays_below_its_share_in_the_busiest_minute_of_a_day():
    units = made_up.units(own_us=60_000.0, login_us=2000.0)
    need = needs(units, MILLION, 1)
    assert need.nodes_why == "CPU"
    every = [
        spent(units, MILLION, minute, need.nodes)
        for minute in play(MILLION, 1, mailed_a_minute(units, MILLION))
    ]
    assert max(each.nodes for each in every) <= 0.6 * need.nodes
    assert max(each.nodes for each in every) > 0.6 * (need.nodes - 1)
    assert need.node_busy_zone_lost == pytest.approx(need.node_busy * 1.5, rel=0.05)


def test_a_wake_up_for_followers_costs_a_node_nothing_for_users_of_others():
    few, many = (
        found(Deployment(users=users, mailings=0), away_us=50.0)
        for users in (1_000_000, 10_000_000)
    )
    assert few.only_followers.node_cores == many.only_followers.node_cores == 0
    # Told of all, every node reads the events of ten times the users.
    assert many.to_all_busy == pytest.approx(10 * few.to_all_busy, rel=0.1)
    assert many.to_all.read == pytest.approx(100 * few.to_all.read, rel=0.1)
    assert many.only_followers.read == pytest.approx(10 * few.only_followers.read, rel=0.1)


def test_more_nodes_make_it_dearer_to_tell_all_of_them():
    # In a mailing, of which a message to all holds many.
    cheap, dear = (
        found(away_us=away, wake_redis_us=10.0, mail_us=1000.0, login_us=0.1)
        for away in (1.0, 10.0)
    )
    assert 1 <= dear.crossing < cheap.crossing


def test_the_log_keeps_the_days_that_retention_keeps():
    need = found(event_bytes=500.0)
    assert need.rows_a_day == 1_000_000 * 21 + 1
    assert need.rows_kept == need.rows_a_day * 30
    assert need.log_tib * 2**40 == pytest.approx(need.rows_kept * 500)
    shorter = found(Deployment(users=1_000_000, retention_days=10.0), event_bytes=500.0)
    assert shorter.log_tib == pytest.approx(need.log_tib / 3)


def test_a_log_that_fills_half_of_a_disk_needs_another_postgresql():
    need = found(Deployment(users=10_000_000), event_bytes=500.0)
    assert need.postgres_why == "disk"
    assert (need.postgres - 1) * 1.0 < need.log_tib <= need.postgres * 1.0


def test_a_mailing_of_many_takes_several_publishers_to_end_in_time():
    assert found().publishers == 1
    assert found(Deployment(users=10_000_000), mailed_wall_us=100.0).publishers == 2
    units = made_up.units(mailed_wall_us=100.0)
    assert mailed_a_minute(units, Deployment(users=10_000_000)) * 10 == pytest.approx(10_000_000)


def test_a_deployment_may_have_other_nodes_and_stores_than_it_needs():
    of = Deployment(users=1_000_000, nodes=40, redis=3, postgres=2)
    need, asked = found(own_us=5000.0), found(of, own_us=5000.0)
    assert (asked.nodes, asked.redis, asked.postgres) == (40, 3, 2)
    assert asked.node_busy == pytest.approx(need.node_busy * need.nodes / 40)


def test_a_look_is_counted_as_a_node_looks() -> None:
    assert (need_of.MOST_EVENTS, need_of.ROUND_SECONDS) == (
        reconcile.MOST_EVENTS,
        reconcile.ROUND_SECONDS,
    )
