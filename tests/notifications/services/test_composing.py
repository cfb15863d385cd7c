"""A notification of a kind, in the language of its user."""

from __future__ import annotations

from decimal import Decimal

import pytest

from notifications.kinds.savings import GoalReached
from notifications.kinds.values import Money, from_context
from notifications.models import Escalation, Notification, Preference
from notifications.services import Notice, notification_compose, notifications_compose
from notifications.services.creation import IdempotencyConflict
from realtime import clock
from realtime.errors import InvalidInput
from realtime.streams import user_stream
from tests.notifications.support import events

REACHED = GoalReached(goal="Shule", amount=Money(Decimal(1_500_000), "UGX"))


def compose(user, **more) -> Notification:
    return notification_compose(
        user_id=user.pk, kind="savings.goal_reached", values=REACHED, **more
    )


def speaks(user, locale: str) -> None:
    Preference.objects.create(user=user, locale=locale, updated_at=clock.now())


def test_it_is_written_in_the_language_of_its_user(alice, bob):
    speaks(bob, "sw-UG")
    english, swahili = compose(alice), compose(bob)
    assert english.title == "Savings goal reached"
    assert swahili.title == "Lengo la akiba limefikiwa"
    assert swahili.message == "Umefikia lengo lako “Shule”: USh\u00a01,500,000."
    assert (swahili.type, swahili.kind) == ("savings", "savings.goal_reached")


def test_it_keeps_the_values_for_later_deliveries(alice):
    row = Notification.objects.get(pk=compose(alice, metadata={"goal": "7"}).pk)
    assert from_context(GoalReached, row.context) == REACHED
    assert row.metadata == {"goal": "7"}


def test_a_repeated_key_tells_once(alice):
    first = compose(alice, key="goal-7")
    assert compose(alice, key="goal-7") == first
    with pytest.raises(IdempotencyConflict):
        compose(alice, key="goal-7", metadata={"goal": "8"})
    assert Notification.objects.count() == 1


def test_it_makes_the_one_void_that_it_names(alice, bob):
    compose(bob, key="goal-7")
    first = compose(alice, key="goal-7")
    assert compose(alice, key="goal-8", supersedes_key="goal-7").supersedes_id == first.pk
    assert compose(alice, supersedes_key="goal-9").supersedes_id is None


def test_an_unknown_kind_writes_nothing(alice):
    with pytest.raises(InvalidInput, match="kind: "):
        notification_compose(user_id=alice.pk, kind="savings.nothing", values=REACHED)
    assert not Notification.objects.exists()


def notice(user, key: str, **metadata: str) -> Notice:
    return Notice(user.pk, "savings.goal_reached", REACHED, metadata, key)


def test_many_are_composed_as_one_is(alice, bob):
    speaks(bob, "sw-UG")
    first = compose(alice, key="goal-7", metadata={"goal": "7"})
    notifications_compose([notice(alice, "goal-7", goal="7"), notice(bob, "goal-7", goal="7")])
    notifications_compose([notice(bob, "goal-7", goal="7"), notice(bob, "goal-8")])
    rows = list(Notification.objects.order_by("pk"))
    assert [(row.user_id, row.key) for row in rows] == [
        (alice.pk, "goal-7"), (bob.pk, "goal-7"), (bob.pk, "goal-8"),
    ]  # fmt: skip
    assert rows[1].title == "Lengo la akiba limefikiwa"
    assert (rows[1].context, rows[1].fingerprint) == (first.context, first.fingerprint)
    assert rows[1].published_at is not None
    begun = Escalation.objects.order_by("pk").values_list("notification", "kind")
    assert list(begun) == [(row.pk, "savings.goal_reached") for row in rows]
    told = [event["data"]["id"] for event in events(user_stream(bob.pk))]
    assert told == [str(row.pk) for row in rows[1:]]


def test_a_key_that_tells_something_else_composes_none(alice, bob):
    compose(alice, key="goal-7")
    with pytest.raises(IdempotencyConflict):
        notifications_compose([notice(bob, "goal-7"), notice(alice, "goal-7", goal="8")])
    assert Notification.objects.count() == 1
