"""Customers see in a room whether a provider works."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from channels.layers import get_channel_layer
from django.contrib.auth.models import User

from hoardrun.payments import health
from hoardrun.payments.calling.hosts import host
from hoardrun.payments.calling.lane import Lane
from hoardrun.payments.health import HealthRoom
from hoardrun.payments.messages import ProviderHealth
from realtime.layer import groups, send
from realtime.outgoing import breaker, pacing
from realtime.rooms import kind_of
from tests.hoardrun.payments.calling.support import TAKEN, TOKEN, payment, provider, reached

pytestmark = pytest.mark.django_db


def states() -> dict[str, str]:
    found: dict[str, str] = {}
    for message in HealthRoom().snapshot(health.ROOM):
        assert isinstance(message.payload, ProviderHealth)
        found[message.payload.provider] = message.payload.state
    return found


def test_the_room_is_there_where_a_provider_is_set_up(settings) -> None:
    kind = kind_of("payments")
    assert kind is not None and kind.name == "provider_health"
    assert kind.may_join(1, "payments") and [room for room, _ in kind.rooms(1)] == ["payments"]
    settings.PAYMENTS = {}
    assert not kind.may_join(1, "payments") and not list(kind.rooms(1))


def test_whoever_comes_sees_how_each_provider_is() -> None:
    assert set(states().values()) == {"ok"} and len(states()) == 4
    breaker.write({host("mtn"): breaker.Counts(calls=5, failures=5)})
    pacing.stop(host("airtel"), by="staff", why="It asked for it.")
    assert states() == {"mtn": "slow", "daraja": "ok", "airtel": "slow", "pawapay": "ok"}


@pytest.fixture
def heard() -> Iterator[Callable[[], list[str]]]:
    """Listen to the room's topic, and return what was told."""
    layer: Any = get_channel_layer()
    loop, group = asyncio.new_event_loop(), groups.topic_group(health.TOPIC)
    channel = loop.run_until_complete(layer.new_channel())
    loop.run_until_complete(layer.group_add(group, channel))
    send.sender.attach(loop)

    def hear() -> list[str]:
        found = loop.run_until_complete(asyncio.wait_for(layer.receive(channel), 20))
        return [data for _, _, _, data in found["messages"]]

    yield hear
    send.sender.detach(loop)
    loop.run_until_complete(layer.group_discard(group, channel))
    loop.close()


def test_a_change_is_told_once(alice: User, heard: Callable[[], list[str]]) -> None:
    with provider(token=[TOKEN], requesttopay=[TAKEN]) as mtn, reached(mtn):
        lane = Lane("mtn")
        pacing.stop(host("mtn"), by="staff", why="It asked for it.")
        payment(alice)
        for _ in range(2):
            lane.step()
        pacing.resume(host("mtn"))
        lane.step()
        while not lane.is_idle:
            lane.wait(5)
            lane.step()
        lane.close()
    assert heard() == ['{"provider":"mtn","state":"slow"}', '{"provider":"mtn","state":"ok"}']
