"""The HTTP API, as the front end calls it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from notifications import services
from notifications.models import Notification
from tests.clients import api_as
from tests.hoardrun.tools import problem
from tests.notifications.proofs import GENERAL, PAID, declared
from tests.notifications.support import (
    HOUR,
    draft,
    expired,
    live,
    note,
    overdue,
    titles,
    told,
    types,
)
from tests.tables import each

URL = "/api/v1/notifications"
FIELDS = {
    *("id", "title", "message", "type", "priority", "status", "channels", "metadata"),
    *("created_at", "seen_at", "read_at", "scheduled_at", "expires_at", "is_expired"),
    *("kind", "pinned_at", "snoozed_until"),
}


def test_it_lists_the_newest_first_with_skip_and_limit(alice, bob):
    for number in range(5):
        note(alice, f"A{number}")
    note(bob)
    overdue(alice, "Scheduled")
    assert titles(api_as(alice).get(URL).json()) == ["A4", "A3", "A2", "A1", "A0"]
    page = api_as(alice).get(URL, {"skip": 1, "limit": 2}).json()
    assert titles(page) == ["A3", "A2"]
    [row] = api_as(bob).get(URL).json()
    assert row.keys() == FIELDS
    assert isinstance(row["id"], str)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["created_at"])


def test_it_pages_by_cursor_while_new_ones_arrive(alice):
    for number in range(5):
        note(alice, f"A{number}")
    first = api_as(alice).get(URL, {"page_size": 2}).json()
    assert (titles(first["results"]), first["previous"]) == (["A4", "A3"], None)
    note(alice, "New")
    second = api_as(alice).get(first["next"]).json()
    assert titles(second["results"]) == ["A2", "A1"]
    last = api_as(alice).get(second["next"]).json()
    assert (titles(last["results"]), last["next"]) == (["A0"], None)


def test_it_filters(alice):
    note(alice, "Plain")
    note(alice, "Risk", type="security", priority="urgent")
    expired(alice)
    read = note(alice, "Read")
    services.notification_mark_read(notification_id=read.pk)

    def found(**query: str) -> list[str]:
        return titles(api_as(alice).get(URL, query).json())

    assert found(status="read") == ["Read"]
    assert found(type="security") == ["Risk"]
    assert found(priority="medium") == ["Read", "Expired", "Plain"]
    assert found(unread_only="true") == ["Risk", "Plain"]
    assert found(status="unread", type="system") == ["Expired", "Plain"]


@pytest.mark.parametrize(
    "query",
    ["status=gone", "limit=0", "limit=201", "skip=-1", "skip=x", f"skip={10**30}", "statu=read"],
)
def test_it_refuses_bad_queries(alice, query: str):
    assert api_as(alice).get(f"{URL}?{query}").status_code == 400


def test_it_filters_by_kind_and_category(alice):
    with declared(PAID, GENERAL):
        note(alice, "Paid", kind=PAID.name, context={"amount": "1"})
        note(alice, "Without", type="reminder")
        note(alice, "With", kind=GENERAL.name)
        note(alice, "Other")

        def found(**query: str) -> list[str]:
            return titles(api_as(alice).get(URL, query).json())

        assert found(kind=PAID.name) == found(category="proofs") == ["Paid"]
        assert found(kind=GENERAL.name) == found(category="nudges") == ["With", "Without"]
        assert found(kind=PAID.name, category="nudges") == []
        summary = api_as(alice).get(f"{URL}/summary").json()
        assert summary["by_category"] == {"nudges": 2, "proofs": 1, "system": 1}
        assert summary["category_by_kind"] == {
            PAID.name: "proofs", GENERAL.name: "nudges", "system.general": "system",
        }  # fmt: skip
        for query in ({"kind": "payment.unheard_of"}, {"category": "gossip"}):
            problem(api_as(alice).get(URL, query), 400, "invalid_input", *query)


def test_it_creates_once_for_a_key(alice, charlie):
    body = {"user_id": alice.pk, "title": "Hi", "message": "You", "key": "order-17"}
    first = api_as(charlie).post(URL, body)
    again = api_as(charlie).post(URL, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    problem(api_as(charlie).post(URL, body | {"title": "Other"}), 422, "idempotency_conflict")
    by_header = api_as(charlie).post(URL, body, headers={"Idempotency-Key": "order-17"})
    assert (by_header.status_code, by_header["Idempotent-Replayed"]) == (200, "true")
    answer = api_as(charlie).post(URL, body, headers={"Idempotency-Key": "order-18"})
    problem(answer, 400, "invalid_input", "key")  # which of both?
    assert Notification.objects.get().actor == f"user:{charlie.pk}"
    assert LogEntry.objects.count() == len(told(alice)) == 1


def test_it_creates_of_a_kind(alice, charlie):
    body = {"user_id": alice.pk, "title": "Hi", "message": "You", "kind": PAID.name}
    with declared(PAID):
        answer = api_as(charlie).post(URL, body | {"context": {"amount": "1.50"}})
        assert answer.status_code == 201
        shown = answer.json()
        assert (shown["kind"], shown["type"], shown["priority"]) == (PAID.name, "payment", "high")
        problem(api_as(charlie).post(URL, body), 400, "invalid_input", "context")


def test_staff_cancels(alice, bob, charlie):
    row = note(alice)
    for user in (alice, bob):
        problem(api_as(user).post(f"{URL}/{row.pk}/cancel"), 403, "permission_denied")
    for _ in range(2):
        answer = api_as(charlie).post(f"{URL}/{row.pk}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "archived")
    assert LogEntry.objects.get().object_id == str(row.pk)
    problem(api_as(charlie).post(f"{URL}/999999/cancel"), 404)


def test_it_snoozes_and_pins(alice, bob):
    row = note(alice)
    path = f"{URL}/{row.pk}"
    until = {"until": (timezone.now() + HOUR).isoformat()}
    snoozed = api_as(alice).post(f"{path}/snooze", until).json()
    assert snoozed["snoozed_until"] is not None
    assert titles(api_as(alice).get(URL, {"snoozed": "true"}).json()) == [row.title]
    assert api_as(alice).get(URL, {"unread_only": "true"}).json() == []
    assert api_as(alice).post(f"{path}/unsnooze").json()["snoozed_until"] is None
    assert api_as(alice).post(f"{path}/pin").json()["pinned_at"] is not None
    assert api_as(alice).get(URL, {"pinned": "false"}).json() == []
    assert api_as(alice).post(f"{path}/unpin").json()["pinned_at"] is None
    for body in ({}, {"until": "2001-01-01T00:00:00Z"}, {"until": "soon"}):
        problem(api_as(alice).post(f"{path}/snooze", body), 400, "invalid_input", "until")
    problem(api_as(bob).post(f"{path}/snooze", until), 404)


def test_it_summarises(alice):
    note(alice, type="security", priority="high")
    for title in ("Read", "Archived"):
        note(alice, title)
    read, archived = Notification.objects.filter(type="system").order_by("id")
    services.notification_mark_read(notification_id=read.pk)
    services.notification_archive(notification_id=archived.pk)
    summary = api_as(alice).get(f"{URL}/summary").json()
    recent = summary.pop("recent_notifications")
    assert titles(recent) == ["Read", "Hello"]
    by_type, by_priority = summary.pop("by_type"), summary.pop("by_priority")
    assert (by_type["security"], by_type["system"], by_type["kyc"]) == (1, 2, 0)
    assert (by_priority["high"], by_priority["medium"]) == (1, 2)
    assert summary.pop("by_category") == {"security": 1, "system": 2}
    assert summary.pop("unread_by_category") == {"security": 1}
    kinds = {"security.general": "security", "system.general": "system"}
    assert summary.pop("category_by_kind") == kinds
    assert summary == {
        "total_notifications": 3,
        "unread_count": 1,
        "read_count": 1,
        "archived_count": 1,
        "unseen_count": 1,
    }


@pytest.mark.parametrize(
    ("action", "status"),
    [("read", "read"), ("seen", "unread"), ("archive", "archived"), ("unread", "unread")],
)
def test_it_acts_with_and_without_a_trailing_slash(alice, action: str, status: str):
    created = note(alice)
    for path in (f"{URL}/{created.pk}/{action}", f"{URL}/{created.pk}/{action}/"):
        answer = api_as(alice).post(path)
        assert (answer.status_code, answer.json()["status"]) == (200, status)


@pytest.mark.parametrize("method", ["put", "patch"])
def test_it_sets_the_status(alice, method: str):
    created = note(alice)
    answer = getattr(api_as(alice), method)(f"{URL}/{created.pk}", {"status": "read"})
    assert answer.json()["read_at"] is not None
    assert types(told(alice)) == ["notification", "notification_updated"]


def test_it_deletes_by_archiving(alice):
    created = note(alice)
    assert api_as(alice).delete(f"{URL}/{created.pk}").status_code == 204
    assert api_as(alice).get(f"{URL}/{created.pk}").json()["status"] == "archived"


@pytest.mark.parametrize("method", ["post", "put"])
def test_it_updates_in_bulk_and_answers_for_each(alice, bob, method: str):
    mine, others = note(alice), note(bob)
    body = {"notification_ids": [str(mine.pk), str(others.pk), "none"], "status": "read"}
    answer = getattr(api_as(alice), method)(f"{URL}/bulk-update", body)
    assert answer.json() == {
        "updated": 1,
        "results": [
            {"id": str(mine.pk), "status": "updated"},
            {"id": str(others.pk), "status": "not_found"},
            {"id": "none", "status": "not_found"},
        ],
    }


READ = {"notification_ids": ["1"], "status": "read"}
BAD_UPDATES: list[Any] = [
    *(READ | {"notification_ids": ids} for ids in ([], [*map(str, range(101))], ["1", "1"], "1")),
    *(READ | {"status": "gone"}, READ | {"also": 1}, {"notification_ids": ["1"]}, ["1"]),
]


@pytest.mark.parametrize("body", BAD_UPDATES)
def test_it_refuses_bad_bulk_updates(alice, body: Any):
    problem(api_as(alice).post(f"{URL}/bulk-update", body), 400, "invalid_input")


def test_it_marks_all(alice):
    note(alice)
    note(alice)
    browser = api_as(alice)
    assert browser.post(f"{URL}/mark-all-seen").json() == {"updated": 2}
    assert browser.post(f"{URL}/mark-all-read").json() == {"updated": 2}
    assert browser.get(f"{URL}/summary").json()["unread_count"] == 0


@pytest.mark.parametrize(
    ("method", "suffix"),
    [
        *(("get", ""), ("put", ""), ("patch", ""), ("delete", "")),
        *(
            ("post", f"/{action}")
            for action in ("read", "unread", "seen", "archive", "unsnooze", "pin", "unpin")
        ),
    ],
)
def test_it_hides_unpublished_rows_and_those_of_others(alice, bob, method: str, suffix: str):
    body = {"status": "read"} if method in {"put", "patch"} else None
    ids = [note(alice).pk, overdue(bob).pk, 10**30, "abc", "0"]
    for id in ids:
        problem(getattr(api_as(bob), method)(f"{URL}/{id}{suffix}", body), 404)
    assert not Notification.objects.exclude(status="unread").exists()


def test_it_refuses_a_body_where_none_belongs(alice):
    created = note(alice)
    problem(api_as(alice).post(f"{URL}/{created.pk}/read", {"at": "noon"}), 400, "invalid_input")


def test_it_lets_staff_create_for_a_user(alice, charlie):
    body = {"user_id": str(alice.pk), "title": "Hi", "message": "You", "metadata": {"a": [1]}}
    answer = api_as(charlie).post(URL, body)
    assert answer.status_code == 201
    assert told(alice)[0]["data"]["id"] == answer.json()["id"]
    assert answer.json()["metadata"] == {"a": [1]}


WRONG: dict[str, list[Any]] = {
    "title": ["x" * 201],
    "user_id": [999_999, 10**30],
    "channels": [[]],
    "metadata": [{"text": "\x00"}],
    "expires_at": ["2001-01-01T00:00:00Z"],
    "surplus": [1],
}


@pytest.mark.parametrize(("field", "value"), each(WRONG))
def test_it_refuses_bad_creations(alice, charlie, field: str, value: Any):
    body = {"user_id": alice.pk, "title": "Hi", "message": "You", field: value}
    assert api_as(charlie).post(URL, body).status_code == 400
    assert not Notification.objects.exists()


@pytest.mark.parametrize("written", [" {}", "{}.0", "+{}", "0{}"])
def test_it_takes_an_id_as_text_only_as_answers_write_it(alice, charlie, written: str):
    body = {"user_id": written.format(alice.pk), "title": "Hi", "message": "You"}
    assert api_as(charlie).post(URL, body).status_code == 400
    assert api_as(charlie).post(URL, body | {"user_id": str(alice.pk)}).status_code == 201


def test_it_lists_active_announcements(alice, charlie):
    draft(charlie, title="Draft")
    shown = live(charlie, title="Live")
    [row] = api_as(alice).get("/api/v1/announcements").json()
    assert (row["id"], row["title"], row["severity"]) == (str(shown.pk), "Live", "info")
