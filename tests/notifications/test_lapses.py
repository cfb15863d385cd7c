"""A notification expires without a write, and the open bells show it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from notifications.models import Notification
from realtime import computed
from realtime.hub import computed as hub_computed
from realtime.hub.computed import Computing
from realtime.hub.socket import Socket
from tests.notifications.support import HOUR, note
from tests.stored import just_over

pytestmark = pytest.mark.django_db(transaction=True)


class Noted(Computing):
    """Notes the users that it computes for."""

    def __init__(self) -> None:
        self.online: dict[int, list[Socket]] = {}
        self.found: list[int] = []
        super().__init__(self.online, asyncio.ensure_future)

    def compute(self, user_ids: Iterable[int]) -> None:
        self.found.extend(user_ids)

    async def looked(self, users: Iterable[int]) -> list[int]:
        """Look for lapses with these users online; return the users computed for."""
        self.online.clear()
        self.online.update({user_id: [] for user_id in users})
        self.found.clear()
        await self.look()
        return sorted(self.found)


def looked(*looks: set[int]) -> list[list[int]]:
    """Look for lapses several times, each with some users online; return the users computed for."""

    async def run() -> list[list[int]]:
        noted = Noted()
        return [await noted.looked(users) for users in looks]

    return asyncio.run(run())


def test_it_computes_once_for_users_online(alice, bob):
    for user in (alice, bob):
        note(user, expires_at=timezone.now() + HOUR)
    Notification.objects.update(expires_at=just_over())
    assert looked({alice.pk}, {alice.pk, bob.pk}) == [[alice.pk], []]


def test_it_asks_nothing_while_no_user_is_online(alice, monkeypatch):
    asked: list[object] = []

    def load(place: object) -> tuple[set[int], object]:
        asked.append(place)
        return set(), None

    asking = computed.ComputedMessage("asking", frozenset(), lambda users: {}, load)
    monkeypatch.setitem(computed._messages, "asking", asking)
    assert looked(set(), set()) == [[], []]
    assert asked == []
    looked({alice.pk})
    assert asked == [None]


def test_it_goes_on_after_a_failure(alice, monkeypatch):
    known = computed._messages["notification_counts"]
    assert known.lapsed is not None
    answers = iter([RuntimeError("away")])
    lapsed = known.lapsed

    def sometimes(place: Any) -> Any:
        for error in answers:
            raise error
        return lapsed(place)

    unsteady = computed.ComputedMessage(known.name, known.after, known.load, sometimes)
    monkeypatch.setitem(computed._messages, known.name, unsteady)
    note(alice, expires_at=timezone.now() + HOUR)
    Notification.objects.update(expires_at=just_over())
    assert looked({alice.pk}, {alice.pk}) == [[], [alice.pk]]


def test_a_first_look_that_comes_late_computes_for_all(alice, bob, monkeypatch):
    """An outage from before the first look until long after: nothing says what has expired."""
    known = computed._messages["notification_counts"]
    assert known.lapsed is not None
    lapsed, now = known.lapsed, [0.0]
    monkeypatch.setattr(hub_computed, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def away_for_minutes(place: Any) -> Any:
        if now[0] < 300:
            raise RuntimeError("away")
        return lapsed(place)

    kind = computed.ComputedMessage(known.name, known.after, known.load, away_for_minutes)
    monkeypatch.setitem(computed._messages, known.name, kind)

    async def run() -> list[list[int]]:
        noted = Noted()
        looks = [(100, set()), (102, {alice.pk}), (300, {alice.pk, bob.pk})] * 2
        return [await noted.looked(online) for now[0], online in looks]

    late = [[], [], [alice.pk, bob.pk]]
    assert asyncio.run(run()) == late * 2


def test_a_first_look_in_time_computes_for_no_other_user(alice):
    assert looked(set(), {alice.pk}, {alice.pk}) == [[], [], []]
