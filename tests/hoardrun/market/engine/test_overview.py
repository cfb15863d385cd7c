from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from rest_framework.test import APIClient

from hoardrun.market import lease
from hoardrun.market.engine.leases import ENGINE, source_lease
from hoardrun.market.engine.overview import FEEDS, doubts, feed_list
from hoardrun.market.engine.rooms import ROOM, FeedsRoom
from hoardrun.market.models import Source
from tests.hoardrun.tools import problem

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)


@pytest.fixture
def kraken(settings: Any) -> Source:
    """The only source, with a leader."""
    settings.MARKET = {"MARKET_SOURCES": ("kraken",)}
    for name in (ENGINE, source_lease("kraken")):
        assert lease.acquire(name, "node-1:1")
    return Source.objects.create(
        name="kraken", state="live", since=NOON, last_price_at=NOON, lag_ms=84, quarantined=3
    )


def test_it_tells_of_each_source_and_of_the_engine(kraken: Source):
    found, engine = feed_list()
    assert (found.name, found.state, found.lag_ms, found.quarantined) == ("kraken", "live", 84, 3)
    assert (found.leader, found.epoch) == ("node-1:1", 1)
    assert found.since == "2026-03-18T12:00:00.000Z"
    assert (engine.name, engine.state) == ("engine", "live")
    assert list(doubts()) == []


def test_a_source_without_a_leader_is_a_doubt(kraken: Source):
    held = lease.Held(source_lease("kraken"), 1, "node-1:1")
    lease.release(held)
    found, _ = feed_list()
    assert (found.state, found.leader, found.epoch) == ("leaderless", "", 0)
    assert list(doubts()) == ["no process leads kraken: its prices stand still"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"state": "stale"}, "kraken is stale"),
        ({"state": "waiting", "reason": "not connected: HTTP 503"}, "waiting .*: not conn.* 503"),
        ({"is_stopped": True}, "kraken is stopped"),
    ],
)
def test_a_source_that_is_not_well_is_a_doubt(kraken: Source, values: dict[str, Any], says: str):
    Source.objects.update(**values)
    [doubt] = doubts()
    assert re.search(says, doubt)


def test_a_deployment_without_sources_has_nothing_to_tell(settings: Any):
    settings.MARKET = {}
    assert feed_list() == []
    assert list(doubts()) == []


def test_stats_show_who_leads_and_since_when(kraken: Source):
    out = io.StringIO()
    call_command("stats", stdout=out)
    lines = out.getvalue().splitlines()
    [line] = [line for line in lines if line.startswith("kraken")]
    assert line.split()[:5] == ["kraken", "live", "2026-03-18T12:00:00.000Z", "84", "node-1:1"]
    out = io.StringIO()
    call_command("stats", "--json", stdout=out)
    assert [feed["name"] for feed in json.loads(out.getvalue())["market_feeds"]] == [
        "kraken",
        "engine",
    ]


def test_gauges_tell_the_same(kraken: Source):
    Source.objects.update(last_price_at=datetime.now(UTC) - timedelta(seconds=60))
    found = FEEDS.read()
    assert found["market_source_up"] == {"kraken": 1}
    assert 55 < found["market_price_age_seconds"]["kraken"] < 90
    assert found["market_lag_seconds"] == {"kraken": 0.084}
    assert found["market_leader_epoch"] == {"kraken": 1, "engine": 1}


def test_customers_see_how_sources_are_and_not_who_leads(kraken: Source, api: APIClient):
    [answer] = api.get("/api/v1/market/feeds").json()
    assert answer == {
        "name": "kraken",
        "state": "live",
        "delayed": False,
        "since": "2026-03-18T12:00:00.000Z",
    }
    problem(APIClient().get("/api/v1/market/feeds"), 401, "not_authenticated")


def test_the_room_is_for_staff_with_the_right(kraken: Source, alice: User):
    room = FeedsRoom()
    assert not room.may_join(alice.pk, ROOM)
    alice.is_staff = True
    alice.save()
    assert not room.may_join(alice.pk, ROOM)
    alice.user_permissions.add(Permission.objects.get(codename="view_source"))
    assert room.may_join(alice.pk, ROOM)
    assert [message.key for message in room.snapshot(ROOM)] == ["kraken", "engine"]
