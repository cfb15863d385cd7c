"""An announcement is one row and one event for all users."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from notifications import services
from notifications.models import Announcement
from realtime import clock
from realtime.errors import Conflict, InvalidInput, NotFound
from realtime.protocol import codec
from tests.notifications.support import HOUR, announced, draft, live
from tests.tables import each

SECOND = timedelta(seconds=1)


def test_it_publishes_once_and_keeps_the_offset(charlie):
    written = draft(charlie, severity="emergency")
    published = services.announcement_publish(announcement_id=written.pk)
    services.announcement_publish(announcement_id=written.pk)
    [event] = announced()
    assert event["type"] == "system_announcement"
    assert event["data"]["severity"] == "emergency"
    assert event["data"]["id"] == str(written.pk)
    assert event["offset"] == published.event_offset


def test_it_starts_at_once_when_published_early(charlie):
    written = draft(charlie, starts_at=timezone.now() + HOUR)
    published = services.announcement_publish(announcement_id=written.pk)
    assert published.starts_at == published.published_at


def test_it_is_published_at_its_time_and_not_before(charlie):
    draft(charlie)
    later = draft(charlie, starts_at=timezone.now() + HOUR)
    assert services.announcements_publish_due() == 0
    Announcement.objects.filter(pk=later.pk).update(starts_at=timezone.now() - HOUR)
    assert services.announcements_publish_due() == 1
    assert [event["data"]["id"] for event in announced()] == [str(later.pk)]


def test_it_is_published_again_as_over_when_it_expires(charlie):
    written = live(charlie)
    ended = services.announcement_expire(announcement_id=written.pk)
    services.announcement_expire(announcement_id=written.pk)
    first, over = announced()
    assert first["data"]["ends_at"] is None
    assert over["data"]["id"] == first["data"]["id"]
    # Not compared with the event's own time, which is read later: clocks step back a little.
    assert ended.ends_at is not None
    assert over["data"]["ends_at"] == codec.timestamp(ended.ends_at)


@pytest.mark.parametrize("wrong", [-HOUR, HOUR])
def test_the_node_that_expires_it_may_have_any_clock(charlie, wrong_clock, wrong: timedelta):
    written = draft(charlie, starts_at=clock.now() + 2 * HOUR)
    wrong_clock(wrong)
    services.announcement_publish(announcement_id=written.pk)
    ended = services.announcement_expire(announcement_id=written.pk)
    assert ended.starts_at is not None and ended.ends_at is not None
    assert ended.starts_at < ended.ends_at
    assert ended.state(clock.now() + SECOND) == "over"


def test_a_clock_that_steps_back_expires_it_all_the_same(charlie, monkeypatch):
    written = draft(charlie)
    published = services.announcement_publish(announcement_id=written.pk)
    moment = published.published_at
    assert moment is not None
    Announcement.objects.filter(pk=written.pk).update(starts_at=moment)
    monkeypatch.setattr(clock, "now", lambda: moment - SECOND / 1000)
    ended = services.announcement_expire(announcement_id=written.pk)
    assert ended.ends_at == moment - SECOND / 1000
    assert announced()[-1]["data"]["ends_at"] == codec.timestamp(ended.ends_at)


def test_a_node_with_a_clock_ahead_publishes_nothing_early(charlie, wrong_clock):
    start = clock.now()
    wrong_clock(HOUR)
    draft(charlie, starts_at=start + HOUR / 2)
    assert services.announcements_publish_due() == 0
    wrong_clock(-HOUR)
    with pytest.raises(InvalidInput, match="past"):
        services.announcement_create(
            author_id=charlie.pk, title="T", message="M", ends_at=start - HOUR / 2
        )


def test_it_does_not_expire_a_draft_nor_publish_what_is_over(charlie):
    with pytest.raises(Conflict, match="not published"):
        services.announcement_expire(announcement_id=draft(charlie).pk)
    over = draft(charlie, ends_at=timezone.now() - HOUR)
    with pytest.raises(Conflict, match="has ended"):
        services.announcement_publish(announcement_id=over.pk)
    with pytest.raises(NotFound):
        services.announcement_publish(announcement_id=999)
    assert announced() == []


def test_it_publishes_nothing_for_a_rolled_back_transaction(charlie):
    written = draft(charlie)
    with pytest.raises(LookupError), transaction.atomic():
        services.announcement_publish(announcement_id=written.pk)
        raise LookupError
    assert announced() == []


WRONG: dict[str, list[Any]] = {
    **{"title": ["", "\u3164"], "message": ["x" * 5001], "severity": ["grave"]},
    **{"starts_at": [datetime(2040, 1, 1)], "ends_at": [timezone.now() - HOUR]},
    "author_id": [999_999],
}


@pytest.mark.parametrize(("field", "value"), each(WRONG))
def test_it_refuses_and_names_the_field(charlie, field: str, value: Any):
    fields: dict[str, Any] = {"author_id": charlie.pk, "title": "Hello", "message": "World"}
    with pytest.raises(InvalidInput) as refused:
        services.announcement_create(**{**fields, field: value})
    assert refused.value.errors.keys() == {field}
