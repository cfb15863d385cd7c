"""Who asks for the SMS after an announcement, and who approves and cancels them."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from notifications.fallbacks import errors
from notifications.fallbacks.services import fallback_approve, fallback_cancel, fallback_request
from notifications.models import Announcement, Fallback
from notifications.services import announcement_expire, announcement_publish
from realtime import clock
from realtime.errors import InvalidInput, NotFound
from tests.clients import staff_with
from tests.notifications.fallbacks.support import HOUR, approver, author, due, published
from tests.notifications.support import draft, live

pytestmark = pytest.mark.django_db


def state() -> str:
    return Fallback.objects.get().state


def test_it_stands_where_people_and_times_have_brought_it(outside):
    by = author()
    row = draft(by)
    fallback_request(announcement_id=row.pk, user_id=by.pk)
    assert state() == "waiting_for_publication"
    announcement_publish(announcement_id=row.pk)
    assert state() == "waiting_for_approval"
    fallback_approve(announcement_id=row.pk, user_id=approver().pk)
    assert state() == "waiting_for_devices"
    fallback_cancel(announcement_id=row.pk, user_id=by.pk)
    fallback_cancel(announcement_id=row.pk, user_id=by.pk)
    found = Fallback.objects.get()
    assert (found.state, found.cancelled_by_id) == ("cancelled", by.pk)


def test_asking_takes_the_right_and_a_draft(alice):
    by = author()
    with pytest.raises(errors.NotAllowed):
        fallback_request(announcement_id=draft(by).pk, user_id=alice.pk)
    with pytest.raises(errors.AlreadyPublished):
        fallback_request(announcement_id=live(by).pk, user_id=by.pk)
    with pytest.raises(NotFound):
        fallback_request(announcement_id=12345, user_id=by.pk)
    row = draft(by)
    fallback_request(announcement_id=row.pk, user_id=by.pk)
    with pytest.raises(errors.AlreadyRequested):
        fallback_request(announcement_id=row.pk, user_id=by.pk)


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"xx": "Hello"}, "none of en, sw, fr, lg"),
        ({"sw": ""}, "must not be empty"),
        ({"sw": "x" * 301}, "at most 300 fit"),
        ({"sw": 7}, "not text"),
    ],
)
def test_it_refuses_texts_that_cannot_be_sent(texts, says):
    by = author()
    with pytest.raises(InvalidInput, match=says):
        fallback_request(announcement_id=draft(by).pk, user_id=by.pk, texts=texts)
    assert not Fallback.objects.exists()


def test_only_another_person_with_the_right_approves(outside, alice):
    row = published()
    by = Fallback.objects.get().requested_by
    staff_with(by, "request_fallback", "approve_fallback")
    with pytest.raises(errors.OwnFallback):
        fallback_approve(announcement_id=row.pk, user_id=by.pk)
    with pytest.raises(errors.NotAllowed):
        fallback_approve(announcement_id=row.pk, user_id=alice.pk)
    with pytest.raises(errors.NotAllowed):
        fallback_cancel(announcement_id=row.pk, user_id=alice.pk)
    with pytest.raises(errors.FallbackNotFound):
        fallback_approve(announcement_id=12345, user_id=approver().pk)


def test_nobody_approves_what_may_still_be_changed(outside):
    by = author()
    row = draft(by)
    fallback_request(announcement_id=row.pk, user_id=by.pk)
    with pytest.raises(errors.NotPublished):
        fallback_approve(announcement_id=row.pk, user_id=approver().pk)


def test_it_is_approved_once(outside):
    fallback = due()
    second = User.objects.get(username="approver")
    with pytest.raises(errors.NothingToApprove, match="approved already"):
        fallback_approve(announcement_id=fallback.pk, user_id=second.pk)


def test_it_is_not_approved_after_a_day_or_after_its_end(outside):
    row, second = published(), approver()
    Announcement.objects.filter(pk=row.pk).update(published_at=clock.now() - 25 * HOUR)
    with pytest.raises(errors.ApprovalTooLate):
        fallback_approve(announcement_id=row.pk, user_id=second.pk)
    Announcement.objects.filter(pk=row.pk).update(published_at=clock.now())
    announcement_expire(announcement_id=row.pk)
    with pytest.raises(errors.ApprovalTooLate):
        fallback_approve(announcement_id=row.pk, user_id=second.pk)


def test_it_is_not_approved_where_no_sms_can_be_sent(outside):
    row = published()
    outside.use(SMS_PROVIDERS=())
    with pytest.raises(errors.NoSms):
        fallback_approve(announcement_id=row.pk, user_id=approver().pk)
