"""Clients come back after a loss: all of them, as fast as the nodes have room."""

from __future__ import annotations

from math import inf
from random import Random

import pytest

from bench.scale.deployment import BUSIEST_HOUR, Deployment
from bench.scale.incidents import Back, Room, come_back, failover, incidents, rolling
from bench.scale.needs import needs
from tests.bench.scale import made_up

LARGE = Deployment(users=2_000_000)


def back(count: int, logins: float, per_refusal: float = 0.0, seed: int = 1) -> Back:
    return come_back(Random(seed), count, Room(logins, inf, per_refusal), 0.5)


def test_all_are_back_as_they_come_where_there_is_room():
    found = back(1000, 10_000)
    assert (found.refused, found.by) == (0, "clients")
    assert found.all <= 0.6


def test_with_little_room_it_takes_what_the_logins_take_and_not_much_more():
    found = back(10_000, 500)
    assert found.by == "nodes"
    assert found.refused > 0
    assert 20 <= found.most <= found.all < 60
    assert found.logins <= 2 * 500


def test_refusals_cost_what_logins_could_have_had():
    assert back(20_000, 500, per_refusal=0.1).all > back(20_000, 500).all


def test_without_room_they_never_come_back():
    assert back(1000, 0).all == inf


def test_a_seed_repeats_it():
    assert back(5000, 300, seed=3) == back(5000, 300, seed=3)


def test_postgresql_is_named_where_it_has_less_room_than_the_nodes():
    found = come_back(Random(1), 5000, Room(10_000, 200, 0.0), 0.5)
    assert found.by == "PostgreSQL"


def test_a_zone_takes_longer_to_come_back_than_a_node_and_all_nodes_longest():
    units = made_up.units(login_us=1000.0, refusal_us=100.0, own_us=5000.0)
    need = needs(units, LARGE, 1, BUSIEST_HOUR)
    node, zone, everybody = (each.back for each in incidents(units, LARGE, need, 1))
    assert node.away < zone.away < everybody.away
    assert node.all < zone.all < everybody.all < inf
    assert node.away == pytest.approx(need.busiest.minute.sockets / need.nodes, rel=0.01)


def test_a_failover_takes_a_snapshot_for_every_socket_out_of_what_is_spare():
    units = made_up.units(snapshot_us=9000.0)
    need = needs(units, LARGE, 1, BUSIEST_HOUR)
    found = failover(units, LARGE, need)
    assert found.snapshots == round(need.busiest.minute.sockets)
    assert found.seconds == pytest.approx(
        found.snapshots * 0.009 / (need.nodes - need.busiest.nodes)
    )


def test_a_failover_takes_as_long_as_nodes_spread_the_snapshots():
    units = made_up.units(snapshot_us=1.0, snapshot_postgres_us=1.0)
    assert failover(units, LARGE, needs(units, LARGE, 1, BUSIEST_HOUR)).seconds == 60


def test_more_nodes_at_a_time_end_a_rolling_deployment_sooner_at_a_higher_price():
    units = made_up.units(login_us=1000.0)
    need = needs(units, Deployment(users=10_000_000), 1, BUSIEST_HOUR)
    slow, quick = (rolling(units, LARGE, need, share) for share in (0.0, 0.05))
    assert (slow.at_once, quick.at_once) == (1, need.nodes // 20)
    assert quick.seconds < slow.seconds / 5
    assert quick.node_busy > slow.node_busy
