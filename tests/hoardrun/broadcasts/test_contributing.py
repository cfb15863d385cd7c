"""The trace of an event that staff has broadcast names the author and who approved."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from hoardrun.broadcasts.models import Broadcast, BroadcastDecision
from realtime.models import Event
from realtime.streams import ANNOUNCEMENTS
from realtime.trace.services import trace_event
from tests.clients import staff_with
from tests.hoardrun.broadcasts.tools import ANNOUNCEMENT, post_as, sent

pytestmark = pytest.mark.django_db


def texts(stream: str, offset: int) -> list[str]:
    found = trace_event(stream, offset, ask=False)
    return [entry.text for entry in found.timeline if entry.source == "broadcast"]


@pytest.fixture
def staff(alice: User) -> User:
    return staff_with(alice, "broadcast")


def test_an_announcement_names_its_author_and_request(staff: User, settings: Any) -> None:
    settings.BROADCAST_APPROVAL_AUDIENCE = 1_000_000
    first = sent(post_as(staff)("announcement", ANNOUNCEMENT))
    sent(post_as(staff)("announcement", ANNOUNCEMENT))
    row = Broadcast.objects.order_by("pk").first()
    assert row is not None
    [text] = texts(ANNOUNCEMENTS, first["offset"])
    assert text.startswith(f"Broadcast #{row.pk} (announcement) by user {staff.pk}")
    assert row.request_id and row.request_id in text


def test_one_that_was_approved_names_both(staff: User, bob: User) -> None:
    result = sent(post_as(staff)("announcement", ANNOUNCEMENT))
    at = Event.objects.get(stream__name=ANNOUNCEMENTS, offset=result["offset"]).created_at
    row = Broadcast.objects.create(
        author=bob, kind="announcement", target="all", payload={}, fingerprint="f", audience=5,
        needs_approval=True, created_at=at,
    )  # fmt: skip
    BroadcastDecision.objects.create(
        broadcast=row, decided_by=staff, approved=True, decided_at=timezone.now(),
        result={"stream": ANNOUNCEMENTS, "offset": result["offset"]},
    )  # fmt: skip
    author, approved = texts(ANNOUNCEMENTS, result["offset"])
    assert f"Broadcast #{row.pk} (announcement) by user {bob.pk}" in author
    assert approved == f"Broadcast #{row.pk} was approved by user {staff.pk}."
