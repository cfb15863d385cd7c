"""Notifications are part of the trace of an event and of a user."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from realtime.errors import NotFound
from realtime.streams import user_stream
from realtime.trace.asked import Asked, understand
from realtime.trace.services import trace_event, trace_user
from tests.notifications.trace.support import called, debit, sms

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_provider(settings) -> None:
    settings.CHANNELS = {"PUBLIC_BASE_URL": "https://api.acme.example"}


@pytest.fixture
def amina(db: None) -> User:
    return User.objects.create_user("amina")


def test_a_notification_is_asked_about_by_its_number(amina):
    row = debit(amina)
    assert understand(f"notification:{row.pk}") == Asked(user_stream(amina.pk), row.event_offset)
    with pytest.raises(NotFound, match="no event of notification"):
        understand("notification:999999")


def test_the_event_of_a_notification_shows_its_ladder_and_what_left(amina):
    row = debit(amina)
    called(sms(row))
    found = trace_event(user_stream(amina.pk), row.event_offset, ask=False)
    own = [entry for entry in found.timeline if "notification_id" in entry.data]
    assert {entry.source for entry in own} == {"notification", "sms"}
    assert {entry.data["notification_id"] for entry in own} == {str(row.pk)}


def test_who_may_not_trace_notifications_is_shown_none(amina):
    row = debit(amina)
    found = trace_event(
        user_stream(amina.pk), row.event_offset, ask=False, may=lambda right: not right
    )
    assert {entry.source for entry in found.timeline} == {"log"}


def test_a_user_is_shown_the_notifications_of_the_day(amina):
    row = debit(amina)
    [entry] = [e for e in trace_user(amina.pk, ask=False).timeline if e.source == "notification"]
    assert entry.text.startswith(f"Notification #{row.pk} (")
