"""What support does in the admin."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import services
from notifications.admin import AnnouncementAdmin
from notifications.models import Announcement, Notification
from realtime.models import Event
from tests.notifications.support import HOUR, announced, draft, note, overdue, told, types
from tests.services.locks import wait_for_a_waiter

ANNOUNCEMENTS = "/admin/notifications/announcement"
NOTIFICATIONS = "/admin/notifications/notification"
FORM = {"title": "Hello", "message": "World", "severity": "info"}
NO_TIMES = dict.fromkeys(("starts_at_0", "starts_at_1", "ends_at_0", "ends_at_1"), "")


@pytest.fixture
def admin(charlie: User) -> Client:
    browser = Client()
    browser.force_login(charlie)
    return browser


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def act(admin: Client, url: str, action: str, *rows: Any) -> list[str]:
    form = {"action": action, "_selected_action": [row.pk for row in rows]}
    return said(admin.post(f"{url}/", form))


def queries(admin: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert admin.get(f"{url}/").status_code == 200
    return len(captured)


def test_it_writes_a_draft_in_the_name_of_who_is_logged_in(admin, charlie):
    admin.post(f"{ANNOUNCEMENTS}/add/", {**FORM, **NO_TIMES})
    written = Announcement.objects.get()
    assert (written.author, written.published_at) == (charlie, None)
    assert announced() == []


def test_it_saves_and_publishes_with_one_button(admin, charlie):
    admin.post(f"{ANNOUNCEMENTS}/add/", {**FORM, **NO_TIMES, "_publish": "1"})
    assert [event["data"]["title"] for event in announced()] == ["Hello"]
    later = draft(charlie)
    url = f"{ANNOUNCEMENTS}/{later.pk}/change/"
    admin.post(url, {**FORM, **NO_TIMES, "title": "Edited", "_publish": "1"})
    assert [event["data"]["title"] for event in announced()] == ["Hello", "Edited"]


def test_it_previews_the_banner_without_running_it(admin, charlie):
    written = draft(charlie, title="<script>alert(1)</script>", severity="emergency")
    page = admin.get(f"{ANNOUNCEMENTS}/{written.pk}/change/").content.decode()
    assert "announcement-emergency" in page
    assert "<script>alert(1)" not in page
    assert "Save and publish now" in page


def test_it_refuses_to_end_before_it_starts(admin):
    times = {"starts_at_0": "2040-01-02", "starts_at_1": "00:00", "ends_at_0": "2040-01-01"}
    page = admin.post(f"{ANNOUNCEMENTS}/add/", {**FORM, **NO_TIMES, **times, "ends_at_1": "00:00"})
    assert "It must end later than it starts." in page.content.decode()


def test_it_edits_nothing_that_is_published(admin, charlie):
    published = services.announcement_publish(announcement_id=draft(charlie).pk)
    url = f"{ANNOUNCEMENTS}/{published.pk}"
    page = admin.get(f"{url}/change/").content.decode()
    assert "Save and publish now" not in page
    assert "Expire now" in page
    assert admin.post(f"{url}/change/", {**FORM, **NO_TIMES}).status_code == 403
    assert admin.post(f"{url}/delete/", {"post": "yes"}).status_code == 403


def test_it_expires_with_a_button(admin, charlie):
    published = services.announcement_publish(announcement_id=draft(charlie).pk)
    url = f"{ANNOUNCEMENTS}/{published.pk}/expire/"
    assert admin.get(url).status_code == 405
    assert said(admin.post(url)) == ["1 expired."]
    assert len(announced()) == 2


def test_it_lets_nobody_expire_who_may_not_change(charlie):
    published = services.announcement_publish(announcement_id=draft(charlie).pk)
    helper = Client()
    helper.force_login(User.objects.create_user("bob", is_staff=True))
    assert helper.post(f"{ANNOUNCEMENTS}/{published.pk}/expire/").status_code == 403
    assert len(announced()) == 1


def test_it_publishes_and_expires_chosen_ones_and_explains_the_rest(admin, charlie):
    one, over = draft(charlie), draft(charlie, ends_at=timezone.now() - HOUR)
    done = act(admin, ANNOUNCEMENTS, "publish_now", one, over)
    assert done[-1] == "1 published."
    assert "has ended" in done[0]
    assert act(admin, ANNOUNCEMENTS, "expire_now", one)[-1] == "1 expired."


def test_it_shows_how_many_sockets_were_reached(admin, charlie):
    services.announcement_publish(announcement_id=draft(charlie).pk)
    Event.objects.update(reached=42)
    assert "42 sockets" in admin.get(f"{ANNOUNCEMENTS}/").content.decode()


def test_it_adds_a_notification_that_is_published(admin, alice):
    form = {
        "user": alice.pk,
        "title": "Hello",
        "message": "World",
        "type": "system",
        "priority": "medium",
        "channels": '["in_app"]',
        "metadata": "{}",
        **dict.fromkeys(("scheduled_at_0", "scheduled_at_1", "expires_at_0", "expires_at_1"), ""),
    }
    admin.post(f"{NOTIFICATIONS}/add/", {**form, "channels": '["pigeon"]'})
    admin.post(f"{NOTIFICATIONS}/add/", {**form, "metadata": "[1]"})
    assert told(alice) == []
    admin.post(f"{NOTIFICATIONS}/add/", form)
    assert types(told(alice)) == ["notification"]


def test_it_resends_marks_read_and_archives(admin, alice):
    created, scheduled = note(alice), overdue(alice)
    assert act(admin, NOTIFICATIONS, "resend", created, scheduled)[-1] == "1 sent again."
    assert act(admin, NOTIFICATIONS, "mark_read", created)[-1] == "1 marked as read."
    assert act(admin, NOTIFICATIONS, "archive", created)[-1] == "1 archived."
    assert types(told(alice)) == [*["notification"] * 2, *["notification_updated"] * 2]


def test_it_changes_and_erases_no_notification_by_hand(admin, alice):
    created = note(alice)
    url = f"{NOTIFICATIONS}/{created.pk}"
    assert admin.get(f"{url}/change/").status_code == 200
    assert admin.post(f"{url}/change/", {"status": "read"}).status_code == 403
    assert admin.post(f"{url}/delete/", {"post": "yes"}).status_code == 403


def test_it_offers_no_actions_to_who_may_only_look(alice):
    created = note(alice)
    helper = User.objects.create_user("bob", is_staff=True)
    browser = Client()
    browser.force_login(helper)
    helper.user_permissions.add(Permission.objects.get(codename="view_notification"))
    assert browser.get(f"{NOTIFICATIONS}/").status_code == 200
    act(browser, NOTIFICATIONS, "archive", created)
    assert Notification.objects.get().status == "unread"


@pytest.mark.parametrize(
    ("text", "found"), [("alice", True), ("al", True), ("{id}", True), ("bob", False)]
)
def test_it_finds_by_user_and_id(admin, alice, text: str, found: bool):
    created = note(alice)
    page = admin.get(f"{NOTIFICATIONS}/", {"q": text.format(id=created.pk)}).content.decode()
    assert (f"/notification/{created.pk}/change/" in page) is found


def test_it_lists_any_number_with_the_same_queries(admin, alice, bob, charlie):
    note(alice)
    services.announcement_publish(announcement_id=draft(charlie).pk)
    few = [queries(admin, url) for url in (NOTIFICATIONS, ANNOUNCEMENTS)]
    for author in (alice, bob, charlie):
        note(author)
        services.announcement_publish(announcement_id=draft(author).pk)
    assert [queries(admin, url) for url in (NOTIFICATIONS, ANNOUNCEMENTS)] == few


@pytest.mark.django_db(transaction=True)
def test_what_is_published_while_it_is_edited_says_what_the_row_says(
    admin: Client, charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    announcement = draft(charlie, title="Old")
    allowed = AnnouncementAdmin.has_change_permission

    def publish() -> None:
        try:
            services.announcement_publish(announcement_id=announcement.pk)
        finally:
            connection.close()

    job = threading.Thread(target=publish)

    def meanwhile(self: Any, request: Any, obj: Announcement | None = None) -> bool:
        found = allowed(self, request, obj)
        if obj is not None and request.method == "POST" and job.ident is None:
            job.start()  # after it was looked at, and before it is saved
            wait_for_a_waiter("the job waits for the form")
        return found

    monkeypatch.setattr(AnnouncementAdmin, "has_change_permission", meanwhile)
    admin.post(f"{ANNOUNCEMENTS}/{announcement.pk}/change/", {**FORM, **NO_TIMES, "title": "New"})
    job.join()
    announcement.refresh_from_db()
    assert [event["data"]["title"] for event in announced()] == [announcement.title] == ["New"]
