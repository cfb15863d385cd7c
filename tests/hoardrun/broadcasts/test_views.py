"""Staff broadcasts: to the right ones, recorded, once, or not at all."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from hoardrun.broadcasts.models import Broadcast
from notifications.models import Announcement, Notification
from realtime.core.bodies import MAX_BODY_BYTES
from realtime.models import Event, Node, Stream
from realtime.streams import ANNOUNCEMENTS, user_stream
from tests.clients import api_as
from tests.hoardrun.broadcasts.tools import (
    ANNOUNCEMENT,
    BODIES,
    NOTE,
    QUOTE,
    Post,
    post_as,
    query_of,
    sent,
)
from tests.hoardrun.tools import at_once, problem
from tests.notifications.proofs import PAID, declared
from tests.notifications.support import events
from tests.tables import each


@pytest.fixture
def post(charlie: User) -> Post:
    """Broadcast as Charlie."""
    return post_as(charlie)


def nothing_was_written() -> bool:
    return not any(
        model.objects.exists() for model in (Event, Broadcast, Notification, Announcement)
    )


def test_it_notifies_one_user_and_keeps_it_in_the_inbox(post: Post, alice: User, bob: User):
    body = sent(post("notification", NOTE | {"type": "security"}, f"?user_id={alice.pk}"))
    kept = Notification.objects.get()
    assert (kept.user, kept.title) == (alice, "Hello")
    (event,) = events(user_stream(alice.pk))
    assert (event["data"]["id"], event["offset"]) == (str(kept.pk), 1)
    assert (body["target"], body["stream"]) == (str(alice.pk), user_stream(alice.pk))
    assert (body["id"], body["offset"]) == (str(kept.pk), 1)
    assert events(user_stream(bob.pk)) == events(ANNOUNCEMENTS) == []


def test_it_notifies_everybody_without_a_row_for_each(post: Post, alice: User):
    body = sent(post("notification", NOTE))
    (event,) = events(ANNOUNCEMENTS)
    assert (event["type"], event["data"]["id"]) == ("notification", body["id"])
    assert (body["target"], body["stream"]) == ("all", ANNOUNCEMENTS)
    assert not Notification.objects.exists()


def test_a_notification_has_a_kind_and_is_sent_once_for_a_key(post: Post, alice: User):
    with declared(PAID):
        paid = NOTE | {"kind": PAID.name, "context": {"amount": "1"}, "key": "order-17"}
        first = sent(post("notification", paid, f"?user_id={alice.pk}"))
        again = sent(post("notification", paid, f"?user_id={alice.pk}"))
        assert (first["id"], first["offset"]) == (again["id"], 1)
        assert again["offset"] is None
        (event,) = events(user_stream(alice.pk))
        assert (event["data"]["kind"], event["data"]["type"]) == (PAID.name, "payment")
        answer = post("notification", paid | {"title": "Other"}, f"?user_id={alice.pk}")
        problem(answer, 422, "idempotency_conflict")
        problem(post("notification", paid), 400, "invalid_input", "context")
        sent(post("notification", NOTE | {"kind": PAID.name}))
        (event,) = events(ANNOUNCEMENTS)
        assert (event["data"]["type"], event["data"]["priority"]) == ("payment", "high")


def test_everybody_is_notified_once_for_a_key(post: Post):
    body = NOTE | {"type": "security", "key": "outage-3"}
    first, again = sent(post("notification", body)), sent(post("notification", body))
    assert first["id"] == again["id"]
    (event,) = events(ANNOUNCEMENTS)
    assert event["data"]["kind"] == "security.general"
    problem(post("notification", NOTE | {"kind": "security.unheard_of"}), 400, "", "kind")


def test_it_schedules_for_a_user(post: Post, alice: User):
    later = NOTE | {"scheduled_at": "2040-01-01T00:00:00Z", "user_id": alice.pk}
    sent(post("notification", later))
    assert Notification.objects.get().published_at is None
    assert events(user_stream(alice.pk)) == []


@pytest.mark.parametrize("in_query", [True, False])
def test_it_pushes_transactions_and_balances(post: Post, alice: User, in_query: bool):
    query = f"?user_id={alice.pk}" if in_query else ""
    field = {} if in_query else {"user_id": alice.pk}
    assert sent(post("transaction", BODIES["transaction"] | field, query))["offset"] == 1
    assert sent(post("balance", BODIES["balance"] | field, query))["offset"] == 2
    txn, balance = events(user_stream(alice.pk))
    assert (txn["type"], txn["data"]["amount"]) == ("transaction_update", "12.50")
    assert (balance["type"], balance["data"]["current_balance"]) == ("balance_update", "-250")


def test_it_writes_amounts_as_the_currency_has_them(post: Post, alice: User):
    sent(post("transaction", BODIES["transaction"] | {"amount": "7"}, f"?user_id={alice.pk}"))
    assert events(user_stream(alice.pk))[0]["data"]["amount"] == "7.00"


def test_an_announcement_has_its_sender_as_author(post: Post, charlie: User):
    body = sent(post("announcement", ANNOUNCEMENT | {"ends_at": "2040-01-01T00:00:00Z"}))
    written = Announcement.objects.get()
    assert (written.author, written.event_offset) == (charlie, body["offset"])
    (event,) = events(ANNOUNCEMENTS)
    assert event["type"] == "system_announcement"


def test_a_record_names_sender_body_and_target(post: Post, alice: User, charlie: User):
    for kind, body in BODIES.items():
        query = query_of(kind, alice)
        answer = sent(post(kind, body, query))
        record = Broadcast.objects.get(kind=kind)
        assert record.author == charlie
        assert record.result == answer
        assert body.items() <= record.payload.items()
        assert record.target == answer["target"]


def test_the_record_says_from_where_and_for_how_many(post: Post, alice: User, bob: User):
    bob.is_active = False
    bob.save()
    now = timezone.now()
    for number, seconds in enumerate((0, 5, 60)):  # the last one is dead
        times = {"started_at": now, "seen_at": now - timedelta(seconds=seconds)}
        rooms = {"market_data": 3, "market:crypto": 1}
        Node.objects.create(id=f"n{number}", host="host", pid=number, rooms=rooms, **times)
    sent(post("notification", NOTE, f"?user_id={alice.pk}", REMOTE_ADDR="192.0.2.1"))
    sent(post("notification", NOTE, REMOTE_ADDR="2001:db8::1"))
    sent(post("announcement", ANNOUNCEMENT))
    sent(post("market", QUOTE))
    sent(post("market", QUOTE, "?room=market:stock"))
    records = Broadcast.objects.order_by("id").values_list("audience", "address")
    assert list(records) == [
        (1, "192.0.2.1"),
        (2, "2001:db8::1"),  # Alice and Charlie
        (2, "127.0.0.1"),
        (6, "127.0.0.1"),
        (0, "127.0.0.1"),
    ]


def test_the_record_has_the_hash_of_what_was_broadcast(post: Post, alice: User, bob: User):
    for user in (alice, alice, bob):
        sent(post("notification", NOTE, f"?user_id={user.pk}"))
    sent(post("notification", NOTE | {"title": "Other"}, f"?user_id={alice.pk}"))
    one, same, *others = Broadcast.objects.order_by("id").values_list("fingerprint", flat=True)
    assert one == same
    assert len({one, *others}) == 3
    assert all(len(text) == 64 for text in (one, *others))


@pytest.mark.parametrize("key", [None, "k-1"])
def test_a_refused_broadcast_leaves_no_record(post: Post, alice: User, key: str | None):
    sent(post("balance", BODIES["balance"], f"?user_id={alice.pk}"))
    Stream.objects.update(head=0)  # the log is damaged: its next offset is taken
    answer = post("notification", NOTE, f"?user_id={alice.pk}", key=key)
    problem(answer, 409, "conflict")
    assert (Broadcast.objects.count(), Event.objects.count()) == (1, 1)
    assert not Notification.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", [None, "k-1"])
def test_a_broadcast_that_cannot_be_recorded_is_not_sent(key: str | None):
    ghost = User(pk=404404, username="ghost", is_staff=True, is_superuser=True)  # no such row
    answer = post_as(ghost)("notification", NOTE, key=key)
    problem(answer, 409, "conflict")
    assert nothing_was_written()


def test_broadcasts_are_limited_per_user(
    post: Post, alice: User, erin: User, frank: User, settings, monkeypatch
):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    monkeypatch.setitem(rates, "broadcast", "2/min")
    for kind in ("market", "announcement"):
        sent(post(kind, BODIES[kind], key="k" if kind == "market" else None))
    answer = post("announcement", ANNOUNCEMENT)
    problem(answer, 429, "throttled")
    assert 0 < int(answer["Retry-After"]) <= 60
    problem(post("market", QUOTE, key="k"), 429, "throttled")  # nor a repetition
    assert Broadcast.objects.count() == 2
    sent(post_as(erin)("market", QUOTE))
    approve = [api_as(frank).post("/ws/broadcast/1/approve") for _ in range(3)]
    problem(approve[2], 429, "throttled")


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize(
    "body", [[], "text", None, {}, {"surplus": 1}], ids=lambda body: repr(body)
)
def test_it_refuses_what_is_no_message(post: Post, alice: User, kind: str, body: Any):
    problem(post(kind, body), 400, "invalid_input")
    assert nothing_was_written()


PAST, FUTURE = "2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z"
WRONG: dict[str, dict[str, list[Any]]] = {
    "notification": {
        "title": ["x" * 201, "  ", "\x00"],
        "message": ["x" * 1001],
        "type": ["gossip"],
        "priority": [1],
        "channels": [["pigeon"], []],
        "metadata": [[], {"x": "y" * 9000}, {"x": "\x00"}],
        "expires_at": [PAST, "tomorrow"],
        "scheduled_at": [FUTURE],
        "user_id": ["everybody", None, -1, 10**30],
    },
    "transaction": {
        "amount": [12.5, 12, "12.505", "-1", "0", "1e3", None],
        "balance_after": [12, "1.005"],
        "currency": ["XXX", "UGX"],
        "status": ["lost"],
        "id": ["", "x" * 65],
    },
    "balance": {
        "current_balance": [-250, "0.5"],
        "available_balance": [1.0, True, "--1"],
        "currency": ["ugx"],
        "account_id": [None],
    },
    "market": {
        "symbol": ["x" * 21, "btc usd"],
        "price": [45000.25, "NaN", "1" * 16],
        "room": [""],
        "type": ["gossip"],
    },
    "announcement": {"message": ["x" * 5001], "severity": ["loud"], "ends_at": [PAST]},
}
CASES = [case for kind, fields in WRONG.items() for case in each(fields, kind)]


@pytest.mark.parametrize(("kind", "field", "value"), CASES)
def test_it_refuses_bad_values_by_name(post: Post, alice: User, kind: str, field: str, value: Any):
    body = BODIES[kind] | ({"user_id": alice.pk} if kind in {"transaction", "balance"} else {})
    answer = problem(post(kind, body | {field: value}), 400, "invalid_input")
    # The amount has decimals, which UGX has not.
    named = {field, "amount"} if value == "UGX" else {field}
    assert named & {name.partition(".")[0] for name in answer["errors"]}
    assert nothing_was_written()


@pytest.mark.parametrize("price", [1.5, 45000, True, "NaN", "1e5", "dear"])
def test_it_says_how_a_price_is_written(post: Post, price: object):
    answer = problem(post("market", BODIES["market"] | {"price": price}), 400, "invalid_input")
    assert answer["errors"] == {"price": ['Give a decimal as text, such as "45000.25".']}


@pytest.mark.parametrize("kind", ["notification", "transaction", "balance"])
def test_it_refuses_an_unknown_user(post: Post, kind: str):
    problem(post(kind, BODIES[kind], "?user_id=404404"), 404, "user_not_found")
    assert nothing_was_written()


def test_a_broadcast_with_an_invisible_title_is_refused(post: Post):
    answer = problem(post("notification", NOTE | {"title": "\u200b"}), 400, "invalid_input")
    assert answer["errors"] == {"title": ["must not be empty"]}
    assert nothing_was_written()


@pytest.mark.parametrize("kind", ["transaction", "balance"])
def test_money_is_never_for_everybody(post: Post, kind: str):
    problem(post(kind, BODIES[kind]), 400, "invalid_input", "user_id")


@pytest.mark.parametrize("query", ["?userid=1", "?user_id=", "?user_id=x", "?user_id=1&user_id=2"])
def test_a_misspelt_user_never_becomes_everybody(post: Post, query: str):
    problem(post("notification", NOTE, query), 400, "invalid_input")
    assert nothing_was_written()


def test_the_user_is_said_once(post: Post, alice: User):
    body = NOTE | {"user_id": alice.pk}
    problem(post("notification", body, "?user_id=1"), 400, "invalid_input", "user_id")


@pytest.mark.parametrize("room", ["nothing", "market:", "market:NOPE", "user:1", "x" * 100])
def test_it_refuses_rooms_that_do_not_exist(post: Post, room: str):
    problem(post("market", QUOTE, f"?room={room}"), 404, "unknown_room")
    assert nothing_was_written()


@pytest.mark.parametrize("kind", BODIES)
def test_a_repeated_key_returns_the_first_answer_and_sends_nothing(
    post: Post, alice: User, kind: str
):
    query = query_of(kind, alice)
    first, second = (post(kind, BODIES[kind], query, key="k-1") for _ in range(2))
    assert sent(first) == sent(second)
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert Event.objects.count() == (0 if kind == "market" else 1)
    assert Broadcast.objects.count() == 1


def test_a_key_means_one_broadcast_of_one_author(post: Post, alice: User, erin: User):
    sent(post("notification", NOTE, f"?user_id={alice.pk}", key="k-1"))
    others: list[tuple[str, dict[str, Any], str]] = [
        ("notification", NOTE | {"title": "Other"}, f"?user_id={alice.pk}"),
        ("notification", NOTE, ""),
        ("announcement", NOTE, ""),
    ]
    for kind, body, query in others:
        problem(post(kind, body, query, key="k-1"), 422, "idempotency_conflict")
    assert Event.objects.count() == 1
    sent(post("notification", NOTE, "", key="k-2"))
    sent(post_as(erin)("announcement", ANNOUNCEMENT, key="k-1"))
    assert Broadcast.objects.count() == 3


def test_a_refused_broadcast_does_not_use_up_its_key(post: Post, alice: User):
    problem(post("notification", NOTE, "?user_id=404404", key="k-1"), 404, "user_not_found")
    sent(post("notification", NOTE, f"?user_id={alice.pk}", key="k-1"))


@pytest.mark.django_db(transaction=True)
def test_equal_requests_at_the_same_time_make_one_event(post: Post, alice: User, charlie: User):
    query = f"?user_id={alice.pk}"
    answers = at_once(6, lambda _: post("notification", NOTE, query, key="k-1"))
    assert len({json.dumps(sent(answer), sort_keys=True) for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer for answer in answers) == 1
    assert len(events(user_stream(alice.pk))) == 1
    assert Notification.objects.count() == Broadcast.objects.count() == 1


@pytest.mark.parametrize("letter", ["x", "\u0c85", "\U0001f600"])
def test_an_announcement_of_5000_characters_fits_in_any_script(post: Post, letter: str):
    """As the test client sends it, each character outside ASCII takes 6 or 12 bytes."""
    text = json.dumps(ANNOUNCEMENT | {"message": letter * 5000})
    assert len(text) < MAX_BODY_BYTES
    sent(post("announcement", ANNOUNCEMENT | {"message": letter * 5000}))
    [event] = events(ANNOUNCEMENTS)
    assert event["data"]["message"] == letter * 5000
    assert post("announcement", ANNOUNCEMENT | {"message": letter * 5001}).status_code == 400
