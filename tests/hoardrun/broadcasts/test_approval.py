"""A broadcast to many is sent by two people, once, or not at all."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from hoardrun.broadcasts import state
from hoardrun.broadcasts.models import Broadcast, BroadcastDecision
from notifications.models import Announcement, Fallback, Notification
from realtime import append_only
from realtime.models import Event
from realtime.streams import ANNOUNCEMENTS
from tests.clients import act, api_as, browser_as, staff_with
from tests.hoardrun.broadcasts.tools import (
    ANNOUNCEMENT,
    BODIES,
    NOTE,
    Post,
    post_as,
    query_of,
    sent,
)
from tests.hoardrun.tools import at_once, problem
from tests.notifications.support import events, titles

WAITING = "/ws/broadcast/waiting"
ADMIN = "/admin/broadcasts/broadcast/"


@pytest.fixture(autouse=True)
def _every_broadcast_waits(settings) -> None:
    settings.BROADCAST_APPROVAL_AUDIENCE = 0


@pytest.fixture
def post(erin: User) -> Post:
    """Broadcast as Erin."""
    return post_as(erin)


@pytest.fixture
def decide(frank: User) -> Post:
    """Approve or reject, as Frank or as another user."""

    def call(what: str, id: Any, user: User = frank, **extra: Any) -> Any:
        return api_as(user).post(f"/ws/broadcast/{id}/{what}", {}, **extra)

    return call


@pytest.fixture
def announced(post: Post) -> str:
    """An announcement of Erin's that waits: the id of the broadcast."""
    return str(waits(post("announcement", ANNOUNCEMENT))["id"])


def waits(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.content
    body: dict[str, Any] = answer.json()
    assert (body["success"], body["status"]) == (True, "waiting_for_approval")
    return body


def nothing_was_sent() -> bool:
    events = Event.objects.exclude(type="access_changed")  # of the rights that these users got
    return not any(rows.exists() for rows in (events, Notification.objects, Announcement.objects))


def age(hours: float) -> None:
    """Let all records be older; no ORM does that to them, and triggers refuse SQL."""
    moment = timezone.now() - timedelta(hours=hours)
    append_only.remove("default", "UPDATE")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE broadcasts_broadcast SET created_at = %s", [moment])


def told_apart(payloads: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what differs between two broadcasts of the same."""
    return [
        {"type": each["type"]}
        | {name: value for name, value in each["data"].items() if name not in BY_ITSELF}
        for each in payloads
    ]


BY_ITSELF = {"id", "created_at", "published_at", "starts_at", "timestamp"}


def test_a_thousand_users_are_reached_at_once_and_more_wait(post: Post, settings):
    settings.BROADCAST_APPROVAL_AUDIENCE = 1000
    active = User.objects.filter(is_active=True).count()
    User.objects.bulk_create(User(username=f"user-{n}") for n in range(1000 - active))
    User.objects.create(username="gone", is_active=False)
    sent(post("announcement", ANNOUNCEMENT))
    User.objects.create(username="one-more")
    assert waits(post("announcement", ANNOUNCEMENT))["audience"] == 1001
    assert waits(post("notification", NOTE))["audience"] == 1001
    sent(post("notification", NOTE, f"?user_id={User.objects.get(username='one-more').pk}"))


def test_the_default_is_a_thousand():
    from hoardrun import settings as read

    assert read.BROADCAST_APPROVAL_AUDIENCE == 1000


@pytest.mark.parametrize("kind", BODIES)
def test_it_is_recorded_and_nothing_is_sent_until_it_is_approved(
    post: Post, decide: Post, alice: User, erin: User, frank: User, kind: str, settings,
    django_capture_on_commit_callbacks,
):  # fmt: skip
    query = query_of(kind, alice)
    with django_capture_on_commit_callbacks() as callbacks:
        body = waits(post(kind, BODIES[kind], query))
    assert callbacks == []
    assert nothing_was_sent()
    broadcast = Broadcast.objects.get()
    assert (broadcast.author, broadcast.result, str(broadcast.pk)) == (erin, {}, body["id"])

    with django_capture_on_commit_callbacks() as callbacks:
        answer = sent(decide("approve", body["id"], REMOTE_ADDR="192.0.2.7"))
    assert callbacks != []
    decision = BroadcastDecision.objects.get()
    assert (decision.broadcast, decision.decided_by) == (broadcast, frank)
    assert (decision.approved, decision.address) == (True, "192.0.2.7")
    assert decision.result == answer

    # The very same as without an approval.
    approved = told_apart([json.loads(event.payload) for event in Event.objects.order_by("id")])
    settings.BROADCAST_APPROVAL_AUDIENCE = 1000
    direct = sent(post(kind, BODIES[kind], query))
    assert direct.keys() == answer.keys()
    both = told_apart([json.loads(event.payload) for event in Event.objects.order_by("id")])
    assert both == approved * 2


def test_times_and_texts_survive_the_wait(post: Post, decide: Post, erin: User):
    ends = "2040-01-01T00:00:00.123456+02:00"
    body = ANNOUNCEMENT | {"message": "Über <b>\U0001f600", "ends_at": ends}
    sent(decide("approve", waits(post("announcement", body))["id"]))
    written = Announcement.objects.get()
    assert (written.author, written.message) == (erin, "Über <b>\U0001f600")
    assert written.ends_at == datetime.fromisoformat(ends)


def test_a_rejected_one_is_never_sent(post: Post, decide: Post, announced: str, frank: User):
    answer = sent(decide("reject", announced))
    assert (answer["status"], answer["id"]) == ("rejected", announced)
    decision = BroadcastDecision.objects.get()
    assert (decision.decided_by, decision.approved) == (frank, False)
    problem(decide("approve", announced), 409, "already_decided")
    assert nothing_was_sent()


@pytest.mark.parametrize("what", ["approve", "reject"])
def test_nobody_decides_on_what_is_theirs(decide: Post, announced: str, erin: User, what: str):
    again = staff_with(erin, "broadcast", "approve_broadcast")
    problem(decide(what, announced, again), 403, "own_broadcast")
    again.is_superuser = True
    again.save()
    problem(decide(what, announced, again), 403, "own_broadcast")
    assert nothing_was_sent()
    assert not BroadcastDecision.objects.exists()


@pytest.mark.parametrize("first", ["approve", "reject"])
@pytest.mark.parametrize("second", ["approve", "reject"])
def test_it_is_decided_once(decide: Post, announced: str, charlie: User, first: str, second: str):
    sent(decide(first, announced))
    problem(decide(second, announced, charlie), 409, "already_decided")
    assert Event.objects.count() == (first == "approve")
    assert BroadcastDecision.objects.count() == 1


def test_a_broadcast_sent_at_once_takes_no_decision(post: Post, decide: Post, settings):
    settings.BROADCAST_APPROVAL_AUDIENCE = 1000
    sent(post("announcement", ANNOUNCEMENT))
    problem(decide("approve", Broadcast.objects.get().pk), 409, "already_decided")
    assert Event.objects.count() == 1


@pytest.mark.parametrize("id", ["0", "404404", "9" * 40])
def test_it_knows_no_other_broadcast(decide: Post, id: str):
    problem(decide("approve", id), 404, "broadcast_not_found")


@pytest.mark.parametrize("what", ["approve", "reject"])
def test_it_waits_for_a_day(decide: Post, frank: User, announced: str, what: str):
    age(hours=24.01)
    assert api_as(frank).get(WAITING).json() == []
    problem(decide(what, announced), 409, "approval_expired")
    assert nothing_was_sent()
    age(hours=23.9)
    assert len(api_as(frank).get(WAITING).json()) == 1
    sent(decide(what, announced))


@pytest.mark.parametrize(
    ("kind", "body", "query", "code"),
    [
        ("notification", NOTE | {"expires_at": "2020-01-01T00:00:00Z"}, "", "invalid_input"),
        ("announcement", ANNOUNCEMENT | {"ends_at": "2020-01-01T00:00:00Z"}, "", "invalid_input"),
        ("notification", NOTE, "?user_id=404404", "user_not_found"),
        ("balance", BODIES["balance"], "?user_id=404404", "user_not_found"),
        ("market", BODIES["market"], "?room=market:NOPE", "unknown_room"),
    ],
)
def test_an_invalid_broadcast_does_not_begin_to_wait(post: Post, kind, body, query, code):
    problem(post(kind, body, query), 400 if code == "invalid_input" else 404, code)
    assert not Broadcast.objects.exists()


def test_a_broadcast_to_a_deleted_user_cannot_be_approved(post: Post, decide: Post, alice: User):
    id = waits(post("notification", NOTE, f"?user_id={alice.pk}"))["id"]
    alice.delete()
    assert "no user" in problem(decide("approve", id), 409, "no_longer_valid")["detail"]
    assert nothing_was_sent()
    assert not BroadcastDecision.objects.exists()
    sent(decide("reject", id))


@pytest.mark.parametrize(
    ("kind", "old"),
    [
        ("announcement", {"ends_at": "2020-01-01T00:00:00Z"}),
        ("announcement", {"severity": "of an older version"}),
        ("notification", {"expires_at": "2020-01-01T00:00:00Z"}),
    ],
)
def test_a_broadcast_out_of_date_cannot_be_approved(erin: User, decide: Post, kind: str, old: dict):
    asked = {"target": "all", "payload": BODIES[kind] | old, "fingerprint": "x"}
    broadcast = Broadcast.objects.create(
        author=erin, kind=kind, audience=2000, needs_approval=True, **asked
    )
    (field,) = old
    assert field in problem(decide("approve", broadcast.pk), 409, "no_longer_valid")["detail"]
    assert nothing_was_sent()
    assert not BroadcastDecision.objects.exists()


def test_a_repeated_key_says_what_became_of_it(post: Post, decide: Post):
    def again() -> Any:
        return post("announcement", ANNOUNCEMENT, key="k-1")

    first, second = again(), again()
    assert waits(first) == waits(second)
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    answer = sent(decide("approve", first.json()["id"]))
    third = again()
    assert sent(third) == answer
    assert third["Idempotent-Replayed"] == "true"
    assert Broadcast.objects.count() == Event.objects.count() == 1


@pytest.mark.parametrize("end", ["reject", "expire"])
def test_a_repeated_key_of_what_was_not_approved_sends_nothing(post: Post, decide: Post, end: str):
    id = waits(post("announcement", ANNOUNCEMENT, key="k-1"))["id"]
    age(hours=25) if end == "expire" else sent(decide("reject", id))
    problem(post("announcement", ANNOUNCEMENT, key="k-1"), 409, "not_approved")
    assert nothing_was_sent()
    waits(post("announcement", ANNOUNCEMENT, key="k-2"))


def test_it_lists_what_waits(post: Post, decide: Post, alice: User, erin: User, frank: User):
    ids = [waits(post("announcement", ANNOUNCEMENT | {"title": f"{n}"}))["id"] for n in range(4)]
    sent(decide("approve", ids[0]))
    sent(decide("reject", ids[1]))
    for user in (erin, frank):
        newest, older = api_as(user).get(WAITING).json()
        assert [newest["id"], older["id"]] == [ids[3], ids[2]]
    assert newest["payload"]["title"] == "3"
    assert (newest["author"], newest["author_id"]) == ("erin", str(erin.pk))
    assert (newest["kind"], newest["target"], newest["audience"]) == ("announcement", "all", 3)
    assert newest["expires_at"] > newest["created_at"]
    page = api_as(frank).get(WAITING, {"page_size": 1}).json()
    assert [row["id"] for row in page["results"]] == [ids[3]]


def test_a_decision_takes_no_words(decide: Post, announced: str, frank: User):
    answer = api_as(frank).post(f"/ws/broadcast/{announced}/approve", {"sure": False})
    problem(answer, 400, "invalid_input", "sure")
    assert nothing_was_sent()


@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_the_same_moment_send_once(
    decide: Post, announced: str, frank: User, charlie: User
):
    answers = at_once(2, lambda number: decide("approve", announced, [frank, charlie][number]))
    late, first = sorted(answers, key=lambda answer: -answer.status_code)
    problem(late, 409, "already_decided")
    assert first.status_code == 200
    assert len(events(ANNOUNCEMENTS)) == Announcement.objects.count() == 1
    assert BroadcastDecision.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_of_two_decisions_at_the_same_moment_holds(decide: Post, announced: str):
    answers = at_once(4, lambda n: decide(("approve", "reject")[n % 2], announced))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(events(ANNOUNCEMENTS)) == BroadcastDecision.objects.get().approved


@pytest.mark.django_db(transaction=True)
def test_equal_requests_at_the_same_time_wait_as_one(post: Post):
    answers = at_once(6, lambda _: post("announcement", ANNOUNCEMENT, key="k-1"))
    assert len({waits(answer)["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer for answer in answers) == 1
    assert Broadcast.objects.count() == 1


# -- in the admin


def chosen(user: User, action: str, *ids: Any) -> list[str]:
    return act(browser_as(user), ADMIN, action, *(Broadcast(pk=id) for id in ids))


def test_the_admin_approves_and_rejects_what_is_chosen(post: Post, frank: User):
    one, two, three = (
        waits(post("announcement", ANNOUNCEMENT | {"title": f"{n}"}))["id"] for n in range(3)
    )
    assert chosen(frank, "approve", one, two) == ["2 approved and sent."]
    assert titles(events(ANNOUNCEMENTS)) == ["0", "1"]
    said = " ".join(chosen(frank, "reject", two, three))
    assert "1 rejected." in said
    assert "nothing to decide" in said
    html = browser_as(frank).get(ADMIN).content.decode()
    assert html.count('class="field-state">approved<') == 2
    assert html.count('class="field-state">rejected<') == 1
    decisions = BroadcastDecision.objects.order_by("id").values_list("broadcast_id", "approved")
    assert list(decisions) == [(int(one), True), (int(two), True), (int(three), False)]
    by = BroadcastDecision.objects.values_list("decided_by", "address").distinct()
    assert list(by) == [(frank.pk, "127.0.0.1")]


def test_the_admin_lets_only_approvers_decide(
    announced: str, alice: User, dora: User, erin: User, frank: User
):
    rights = ("view_broadcast", "broadcast")
    for user in (alice, staff_with(dora, *rights[:1]), staff_with(erin, *rights)):
        assert "approved and sent" not in " ".join(chosen(user, "approve", announced))
    erin = staff_with(erin, *rights, "approve_broadcast")
    assert "This broadcast is yours" in " ".join(chosen(erin, "approve", announced))
    assert nothing_was_sent()
    assert not BroadcastDecision.objects.exists()


@pytest.mark.parametrize("days", [2, -2])
def test_a_node_with_a_wrong_clock_waits_as_long(post: Post, decide: Post, wrong_clock, days: int):
    wrong_clock(timedelta(days=days))
    id = waits(post("announcement", ANNOUNCEMENT))["id"]
    wrong_clock(timedelta(days=-days))
    assert [waiting.pk for waiting in state.broadcasts_waiting()] == [int(id)]
    sent(decide("approve", id))


EMERGENCY = {**ANNOUNCEMENT, "emergency": True, "sms_texts": {"sw": "Pesa zako ziko salama."}}


def test_an_emergency_announcement_takes_a_right_of_its_own(post, erin):
    assert post("announcement", EMERGENCY).status_code == 403
    assert not Announcement.objects.exists()
    staff_with(erin, "broadcast", "request_fallback")
    without = {**ANNOUNCEMENT, "sms_texts": EMERGENCY["sms_texts"]}
    assert "sms_texts" in problem(post_as(erin)("announcement", without), 400)["errors"]


@pytest.mark.parametrize(
    ("rights", "state"),
    [((), "waiting_for_approval"), (("approve_fallback",), "waiting_for_devices")],
)
def test_who_approves_an_emergency_announcement_approves_its_sms_if_they_may(
    decide, erin, frank, settings, rights, state
):
    settings.DEBUG = True
    settings.CHANNELS = {
        "SMS_PROVIDERS": ("africastalking",), "SMS_COUNTRIES": ("UG",),
        "AFRICASTALKING_USERNAME": "acme", "AFRICASTALKING_API_KEY": "key",
    }  # fmt: skip
    author = staff_with(erin, "broadcast", "request_fallback")
    other = staff_with(frank, "approve_broadcast", *rights)
    waiting = post_as(author)("announcement", EMERGENCY)
    assert waiting.status_code == 202
    answer = sent(decide("approve", waiting.json()["id"], other))
    assert answer["fallback"] == Fallback.objects.get().state == state


def test_a_small_one_goes_out_at_once_and_its_sms_wait(erin, settings):
    settings.BROADCAST_APPROVAL_AUDIENCE = 1000
    author = staff_with(erin, "broadcast", "request_fallback")
    answer = sent(post_as(author)("announcement", EMERGENCY))
    assert (answer["offset"], answer["fallback"]) == (1, "waiting_for_approval")
