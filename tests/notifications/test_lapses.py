"""A notification expires, nobody writes anything, and the bells that are open show it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.utils import timezone

from notifications.models import Notification
from realtime import derived
from realtime.lapses import Lapses
from tests.notifications.support import HOUR, note


def looked(*looks: set[int]) -> list[list[int]]:
    """Look with these users online, one look after the other; return for whom it derives."""

    async def run() -> list[list[int]]:
        online: set[int] = set()
        found: list[int] = []
        lapses = Lapses(online, found.extend)
        answers = []
        for users in looks:
            online.clear()
            online.update(users)
            await lapses.look()
            answers.append(sorted(found))
            found.clear()
        return answers

    return asyncio.run(run())


@pytest.mark.django_db(transaction=True)
def test_it_derives_once_for_those_who_are_online(alice, bob):
    for user in (alice, bob):
        note(user, expires_at=timezone.now() + HOUR)
    Notification.objects.update(expires_at=timezone.now())
    assert looked({alice.pk}, {alice.pk, bob.pk}) == [[alice.pk], []]


@pytest.mark.django_db(transaction=True)
def test_it_asks_nothing_while_nobody_is_online(alice, monkeypatch):
    asked: list[object] = []

    def load(place: object) -> tuple[set[int], object]:
        asked.append(place)
        return set(), None

    asking = derived.Derived("asking", frozenset(), lambda users: {}, load)
    monkeypatch.setitem(derived._derived, "asking", asking)
    assert looked(set(), set()) == [[], []]
    assert asked == []
    looked({alice.pk})
    assert asked == [None]


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_after_a_failure(alice, monkeypatch):
    known = derived._derived["notification_counts"]
    assert known.lapsed is not None
    answers = iter([RuntimeError("away")])
    lapsed = known.lapsed

    def sometimes(place: Any) -> Any:
        for error in answers:
            raise error
        return lapsed(place)

    unsteady = derived.Derived(known.name, known.after, known.load, sometimes)
    monkeypatch.setitem(derived._derived, known.name, unsteady)
    note(alice, expires_at=timezone.now() + HOUR)
    Notification.objects.update(expires_at=timezone.now())
    assert looked({alice.pk}, {alice.pk}) == [[], [alice.pk]]
