"""The acts of support in the admin."""

from __future__ import annotations

import re
from concurrent.futures import Future
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.forms import modelform_factory
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import services
from notifications.admin.announcement import AnnouncementAdmin
from notifications.forms import NotificationAddForm, TextField
from notifications.models import Announcement, Fallback, Notification
from realtime.errors import InvalidInput
from realtime.models import Event
from tests.clients import act, browser_as, count_queries, said, staff_with
from tests.notifications.support import (
    HOUR,
    announced,
    draft,
    live,
    note,
    overdue,
    titles,
    told,
    types,
)
from tests.services.admin_log import act_of
from tests.services.locks import threads, wait_for_a_waiter
from tests.tables import each

ANNOUNCEMENTS = "/admin/notifications/announcement/"
NOTIFICATIONS = "/admin/notifications/notification/"
FORM = {
    **{"title": "Hello", "message": "World", "severity": "info"},
    **dict.fromkeys(("starts_at_0", "starts_at_1", "ends_at_0", "ends_at_1"), ""),
}


BLANK = dict.fromkeys(("scheduled_at_0", "scheduled_at_1", "expires_at_0", "expires_at_1"), "")
NOTE = {
    **{"title": "Hello", "message": "World", "type": "system", "priority": "medium"},
    **{"channels": "in_app", "metadata": "", **BLANK},
}


def page_of(browser: Client, row: Any) -> str:
    """Return the page of one announcement."""
    return str(browser.get(f"{ANNOUNCEMENTS}{row.pk}/change/").content.decode())


def note_form(alice: User, **fields: Any) -> dict[str, Any]:
    return {"user": alice.pk, **NOTE, **fields}


def logged(support: Client, row: Any) -> list[tuple[int, str]]:
    """Return the history of a row, the newest first."""
    entries = LogEntry.objects.filter(object_id=row.pk)
    found = [(entry.action_flag, entry.get_change_message()) for entry in entries]
    return [(flag, "" if text == "Added." else act_of(text)) for flag, text in found]


def test_a_draft_has_the_logged_in_user_as_author(support, charlie):
    support.post(f"{ANNOUNCEMENTS}add/", FORM)
    written = Announcement.objects.get()
    assert (written.author, written.published_at) == (charlie, None)
    assert announced() == []


def test_it_saves_and_publishes_with_one_button(support, charlie):
    support.post(f"{ANNOUNCEMENTS}add/", {**FORM, "_publish": "1"})
    assert titles(announced()) == ["Hello"]
    later = draft(charlie)
    url = f"{ANNOUNCEMENTS}{later.pk}/change/"
    support.post(url, {**FORM, "title": "Edited", "_publish": "1"})
    assert titles(announced()) == ["Hello", "Edited"]


def test_it_previews_the_banner_without_running_it(support, charlie):
    written = draft(charlie, title="<script>alert(1)</script>", severity="emergency")
    page = page_of(support, written)
    assert "announcement-emergency" in page
    assert page.count('<strong dir="auto">') == page.count('<p dir="auto">') == 1
    assert "<script>alert(1)" not in page
    assert "Save and publish now" in page


def test_it_refuses_to_end_before_it_starts(support):
    times = {"starts_at_0": "2040-01-02", "starts_at_1": "00:00", "ends_at_0": "2040-01-01"}
    page = support.post(f"{ANNOUNCEMENTS}add/", {**FORM, **times, "ends_at_1": "00:00"})
    assert "This must be later than starts_at." in page.content.decode()


def test_it_edits_nothing_that_is_published(support, charlie):
    published = live(charlie)
    url = f"{ANNOUNCEMENTS}{published.pk}"
    page = support.get(f"{url}/change/").content.decode()
    assert "Save and publish now" not in page
    assert "Expire now" in page
    assert support.post(f"{url}/change/", FORM).status_code == 403
    assert support.post(f"{url}/delete/", {"post": "yes"}).status_code == 403


def test_it_expires_with_a_button(support, charlie):
    published = live(charlie)
    page = page_of(support, published)
    button = re.search(r'action="([^"]*)">(?:(?!</form>).)*Expire now', page, re.DOTALL)
    assert button is not None
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', button[0]))
    assert said(support.post(button[1], form, follow=True)) == ["1 expired."]
    assert len(announced()) == 2


def test_expiring_takes_the_right_to_change(charlie, bob):
    published = live(charlie)
    act(browser_as(staff_with(bob)), ANNOUNCEMENTS, "expire_now", published)
    assert len(announced()) == 1


def test_it_publishes_and_expires_chosen_ones_and_explains_the_rest(support, charlie):
    one, over = draft(charlie), draft(charlie, ends_at=timezone.now() - HOUR)
    done = act(support, ANNOUNCEMENTS, "publish_now", one, over)
    assert done[0] == "1 published."
    assert done[1].startswith(f"#{over.pk}: ") and "has ended" in done[1]
    assert act(support, ANNOUNCEMENTS, "expire_now", one)[-1] == "1 expired."


def test_it_shows_how_many_sockets_were_reached(support, charlie):
    live(charlie)
    Event.objects.update(reached=42)
    assert "42 sockets" in support.get(ANNOUNCEMENTS).content.decode()


def test_it_adds_a_notification_that_is_published(support, alice):
    page = support.get(f"{NOTIFICATIONS}add/").content.decode()
    assert 'value="in_app"' in page
    assert 'value="sms"' not in page
    form = note_form(alice, metadata="order = 17\r\n\r\nx=a=b")
    support.post(f"{NOTIFICATIONS}add/", form, follow=True)
    [event] = told(alice)
    assert event["data"]["metadata"] == {"order": "17", "x": "a=b"}
    created = Notification.objects.get()
    assert logged(support, created) == [(ADDITION, "")]


NO_PAIR = "Line 1 has no name and value"
WRONG: dict[str, list[tuple[Any, str]]] = {
    "title": [("\u200b", "must not be empty"), ("x" * 201, "at most 200")],
    "message": [("\U0001f600" * 1001, "at most 1000")],
    "channels": [
        *(("pigeon", "not one of the available"), ("sms", "not one of the available")),
        ([], "required"),
    ],
    "metadata": [
        *(("null", NO_PAIR), ('""', NO_PAIR), ("[]", NO_PAIR)),
        ("a = 1\na = 2", "Line 2 repeats the name a"),
        (f"a = {'x' * 9000}", "at most 8192 fit"),
    ],
    "expires_at": [("2001-01-01", "in the past")],
    "scheduled_at": [("0000-01-01", "valid date")],
    "user": [("999", "valid choice"), ("me", "valid choice"), ("9" * 40, "valid choice")],
}


@pytest.mark.parametrize(("field", "case"), each(WRONG))
def test_it_says_at_the_field_what_a_notification_cannot_be(
    support, alice, field: str, case: tuple[Any, str]
):
    value, says = case
    wrong = {f"{field}_0": value, f"{field}_1": "00:00"} if "_at" in field else {field: value}
    answer = support.post(f"{NOTIFICATIONS}add/", note_form(alice, **wrong))
    assert answer.status_code == 200
    errors = answer.context["adminform"].form.errors
    assert list(errors) == [field]
    assert says in str(errors[field])
    assert not Notification.objects.exists()


@pytest.mark.parametrize("field", ["title", "metadata", "channels", "expires_at_0", "user"])
def test_it_takes_no_harm_from_bytes_that_are_no_text(support, alice, field: str):
    form = urlencode(note_form(alice, **{field: "HERE"})).replace("HERE", "a%3D%ED%A0%80%FF%00")
    kind = "application/x-www-form-urlencoded"
    answer = support.post(f"{NOTIFICATIONS}add/", form, content_type=kind)
    assert answer.status_code in {200, 400}
    assert not Notification.objects.exists()


@pytest.mark.parametrize("name", ["title", "metadata"])
def test_a_form_takes_no_text_that_cannot_be_encoded(alice, name: str):
    form = modelform_factory(Notification, NotificationAddForm, Notification.CONTENT)
    given = {**note_form(alice), "channels": ["in_app"], name: "a = \ud800"}
    assert "not text" in str(form(given).errors[name])
    nul = {**given, name: "a = \x00"}
    assert "ull character" in str(form(nul).errors[name]) or "NUL" in str(form(nul).errors[name])


def test_it_counts_a_line_end_once_and_an_emoji_once(support, alice):
    text = "\U0001f600" * 500 + "\r\n" * 499 + "x"
    support.post(f"{NOTIFICATIONS}add/", note_form(alice, message=text))
    assert len(told(alice)[0]["data"]["message"]) == 1000
    assert "maxlength" not in str(TextField(max_length=5).widget.attrs)


def test_it_explains_what_was_right_and_came_too_late(support, alice, monkeypatch):
    def late(**given: Any) -> Notification:
        raise InvalidInput("expires_at", "lies in the past; give a later time")

    monkeypatch.setattr(services, "notification_create", late)
    answer = support.post(f"{NOTIFICATIONS}add/", note_form(alice), follow=True)
    assert said(answer) == ["expires_at: lies in the past; give a later time"]
    assert answer.redirect_chain


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"ends_at_0": "2001-01-01", "ends_at_1": "00:00"}, "ends_at"),
        ({"title": "\u3164"}, "title"),
        ({"message": "x" * 5001}, "message"),
    ],
)
def test_it_says_at_the_field_what_an_announcement_cannot_be(support, charlie, fields, where: str):
    for url in (f"{ANNOUNCEMENTS}add/", f"{ANNOUNCEMENTS}{draft(charlie).pk}/change/"):
        answer = support.post(url, FORM | fields)
        assert list(answer.context["adminform"].form.errors) == [where]


def test_it_takes_an_announcement_of_5000_characters_in_any_script(support):
    for letter in ("x", "\u0c85", "\U0001f600"):
        form = {**FORM, "message": letter * 5000, "_publish": "1"}
        support.post(f"{ANNOUNCEMENTS}add/", form)
        assert announced()[-1]["data"]["message"] == letter * 5000


def test_it_resends_marks_read_and_archives(support, alice):
    created, scheduled = note(alice), overdue(alice)
    left, sent = act(support, NOTIFICATIONS, "resend", created, scheduled)
    assert (left[:22], sent) == ("1 left as they were: n", "1 sent again.")
    assert act(support, NOTIFICATIONS, "mark_read", created)[-1] == "1 marked as read."
    assert act(support, NOTIFICATIONS, "archive", created)[-1] == "1 archived."
    again = act(support, NOTIFICATIONS, "archive", created)
    assert again[-1] == "1 left as they were: archived already."
    assert types(told(alice)) == [*["notification"] * 2, *["notification_updated"] * 2]
    entries = ["Archived.", "Marked as read.", "Sent again."]
    assert logged(support, created) == [(CHANGE, text) for text in entries]


def test_the_log_names_the_user_that_published_and_expired(support, charlie):
    written = draft(charlie)
    act(support, ANNOUNCEMENTS, "publish_now", written)
    act(support, ANNOUNCEMENTS, "expire_now", written)
    act(support, ANNOUNCEMENTS, "publish_now", draft(charlie, ends_at=timezone.now() - HOUR))
    assert logged(support, written) == [(CHANGE, "Expired."), (CHANGE, "Published.")]
    assert LogEntry.objects.count() == 2
    assert {entry.user for entry in LogEntry.objects.all()} == {charlie}


def test_it_tells_each_user_once_of_what_an_action_did(support, alice, bob):
    rows = [note(user) for user in (alice, bob) for _ in range(30)]
    act(support, NOTIFICATIONS, "mark_read", *rows)
    for user in (alice, bob):
        updates = [e for e in told(user) if e["type"] == "notification_updated"]
        assert [len(update["data"]["notifications"]) for update in updates] == [30]


def test_it_asks_the_database_as_often_for_many_rows_as_for_few(support, alice, bob):
    few, many = ([note(user) for user in (alice, bob) for _ in range(n)] for n in (1, 40))
    asked = []
    for rows in (few, many):
        with CaptureQueriesContext(connection) as captured:
            act(support, NOTIFICATIONS, "archive", *rows)
        asked.append(len(captured))
    assert asked[0] == asked[1]


def test_it_changes_and_erases_no_notification_by_hand(support, alice):
    created = note(alice)
    url = f"{NOTIFICATIONS}{created.pk}"
    assert support.get(f"{url}/change/").status_code == 200
    assert support.post(f"{url}/change/", {"status": "read"}).status_code == 403
    assert support.post(f"{url}/delete/", {"post": "yes"}).status_code == 403


def test_the_right_to_view_offers_no_actions(alice, bob):
    created = note(alice)
    browser = browser_as(staff_with(bob, "view_notification"))
    assert browser.get(NOTIFICATIONS).status_code == 200
    act(browser, NOTIFICATIONS, "archive", created)
    assert Notification.objects.get().status == "unread"


@pytest.mark.parametrize(
    ("text", "found"), [("alice", True), ("al", True), ("{id}", True), ("bob", False)]
)
def test_it_finds_by_user_and_id(support, alice, text: str, found: bool):
    created = note(alice)
    page = support.get(NOTIFICATIONS, {"q": text.format(id=created.pk)}).content.decode()
    assert (f"/notification/{created.pk}/change/" in page) is found


def test_it_lists_any_number_with_the_same_queries(support, alice, bob, charlie):
    note(alice)
    live(charlie)
    few = [count_queries(support, url) for url in (NOTIFICATIONS, ANNOUNCEMENTS)]
    for author in (alice, bob, charlie):
        note(author)
        live(author)
    assert [count_queries(support, url) for url in (NOTIFICATIONS, ANNOUNCEMENTS)] == few


@pytest.mark.django_db(transaction=True)
def test_an_edit_during_publication_publishes_the_stored_row(
    support: Client, charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    announcement = draft(charlie, title="Old")
    allowed = AnnouncementAdmin.has_change_permission

    begun: list[Future[Any]] = []

    def meanwhile(self: Any, request: Any, obj: Announcement | None = None) -> bool:
        found = allowed(self, request, obj)
        if obj is not None and request.method == "POST" and not begun:
            begun.append(call(partial(services.announcement_publish, announcement_id=obj.pk)))
            wait_for_a_waiter("the job waits for the form")  # looked at, and not saved yet
        return found

    monkeypatch.setattr(AnnouncementAdmin, "has_change_permission", meanwhile)
    with threads() as call:
        support.post(f"{ANNOUNCEMENTS}{announcement.pk}/change/", {**FORM, "title": "New"})
    begun[0].result()
    announcement.refresh_from_db()
    assert titles(announced()) == [announcement.title] == ["New"]


def test_the_right_to_add_announcements_publishes_none(bob):
    bob = staff_with(bob, "add_announcement", "view_announcement")
    client = browser_as(bob)
    assert client.post(f"{ANNOUNCEMENTS}add/", {**FORM, "_publish": "1"}).status_code == 403
    assert not Announcement.objects.exists()
    assert b"starts_at" not in client.get(f"{ANNOUNCEMENTS}add/").content
    soon = {"starts_at_0": "2020-01-01", "starts_at_1": "00:00:00"}
    assert client.post(f"{ANNOUNCEMENTS}add/", FORM | soon).status_code == 302
    written = Announcement.objects.get()
    assert (written.author, written.starts_at, written.published_at) == (bob, None, None)
    assert services.publish_due() == 0
    url = f"{ANNOUNCEMENTS}{written.pk}"
    answer = client.post(f"{url}/change/", {**FORM, "_publish": "1"})
    assert answer.status_code == 403
    for action in ("publish_now", "expire_now", "delete_selected"):
        act(client, ANNOUNCEMENTS, action, written)
    assert Announcement.objects.get().published_at is None
    assert announced() == []


def test_the_right_to_change_announcements_publishes_new_ones(bob):
    client = browser_as(staff_with(bob, "add_announcement", "change_announcement"))
    assert b"starts_at" in client.get(f"{ANNOUNCEMENTS}add/").content
    client.post(f"{ANNOUNCEMENTS}add/", {**FORM, "_publish": "1"})
    assert titles(announced()) == ["Hello"]


def test_a_new_announcement_shows_nothing_that_it_does_not_have_yet(support, charlie):
    names = ("field-state", "field-published_at", "field-reached", "field-author")
    page = support.get(f"{ANNOUNCEMENTS}add/").content.decode()
    assert [name for name in names if name in page] == []
    page = page_of(support, draft(charlie))
    assert [name for name in names if name in page] == list(names)


def test_an_announcement_may_be_followed_by_sms_that_another_person_approves(charlie, bob):
    support = browser_as(staff_with(bob, "add_announcement", "request_fallback"))
    form = {**FORM, "emergency": "on", "sms_texts": "sw = Pesa zako ziko salama."}
    support.post(f"{ANNOUNCEMENTS}add/", form)
    fallback = Fallback.objects.get()
    assert (fallback.texts, fallback.requested_by) == ({"sw": "Pesa zako ziko salama."}, bob)
    other = browser_as(charlie)
    row = Announcement.objects.get()
    assert "may still be changed" in act(other, ANNOUNCEMENTS, "approve_sms", row)[0]
    assert act(other, ANNOUNCEMENTS, "publish_now", row) == ["1 published."]
    page = page_of(other, row)
    assert "waiting for approval: of 0 users" in page
    assert "at most 0 SMS of 1 segment(s)" in page
    assert "No provider of SMS" in act(other, ANNOUNCEMENTS, "approve_sms", row)[0]
    assert act(other, ANNOUNCEMENTS, "cancel_sms", row) == ["1 fallback cancelled."]
    assert logged(other, row)[0] == (CHANGE, "Fallback cancelled.")


def test_who_may_not_ask_for_sms_is_not_offered_them(bob):
    writer = browser_as(staff_with(bob, "add_announcement"))
    assert "sms_texts" not in writer.get(f"{ANNOUNCEMENTS}add/").content.decode()
    writer.post(f"{ANNOUNCEMENTS}add/", {**FORM, "emergency": "on"})
    assert Announcement.objects.exists()
    assert not Fallback.objects.exists()


def test_texts_for_an_unknown_language_are_refused(support):
    page = support.post(
        f"{ANNOUNCEMENTS}add/", {**FORM, "emergency": "on", "sms_texts": "xx = Hi"}, follow=True
    )
    assert "none of en, sw, fr, lg" in said(page)[0]
    assert not Announcement.objects.exists()
