"""Ladders that end or wake because something else has changed."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from notifications.delivery.closing import (
    address_left,
    ladders_close,
    ladders_go_on,
    ladders_wake,
)
from realtime import clock
from tests.notifications.delivery import support
from tests.notifications.support import note

pytestmark = pytest.mark.django_db


@pytest.fixture
def amina():
    return User.objects.create_user("amina")


def test_closing_cancels_what_waits_and_leaves_what_is_being_sent(amina):
    notice, other = note(amina), note(amina)
    phone = support.address(amina, "sms", support.NUMBER)
    ladder, untouched = support.ladder(notice), support.ladder(other)
    queued = support.delivery(notice, phone)
    sending = support.delivery(notice, phone, rung=1, state="sending", lease=1)
    assert ladders_close([notice.pk], "superseded") == 1
    assert ladders_close([notice.pk], "cancelled") == 0  # the first reason stays
    for row in (ladder, untouched, queued, sending):
        row.refresh_from_db()
    assert (ladder.reason, ladder.closed_at is not None) == ("superseded", True)
    assert untouched.closed_at is None
    assert (queued.state, queued.reason, sending.state) == ("cancelled", "superseded", "sending")


def test_what_a_user_saves_wakes_their_ladders_only(amina):
    brian = User.objects.create_user("brian")
    own, others = support.ladder(note(amina)), support.ladder(note(brian))
    over = support.ladder(note(amina), closed_at=clock.now())
    waiting = support.delivery(
        own.notification,
        support.address(amina, "sms", support.NUMBER),
        not_before=clock.now() + support.HOUR,
    )
    assert ladders_wake(amina.pk) == 1
    waiting.refresh_from_db()
    assert waiting.not_before <= clock.now()  # the last look judges it anew
    assert support.is_due(own) and not support.is_due(others)
    assert not support.is_due(over)


def test_a_lost_address_gets_nothing_and_the_next_rung_is_due(amina):
    notice = note(amina)
    old = support.address(amina, "sms", support.NUMBER)
    new = support.address(amina, "email", "amina@example.org")
    ladder = support.ladder(notice)
    to_old, to_new = support.delivery(notice, old), support.delivery(notice, new)
    assert address_left(old.pk, "replaced") == 1
    to_old.refresh_from_db()
    to_new.refresh_from_db()
    assert (to_old.state, to_old.reason, to_new.state) == ("cancelled", "replaced", "queued")
    assert support.is_due(ladder)


def test_a_failure_makes_open_ladders_due(amina):
    notice = note(amina)
    ladder = support.ladder(notice)
    row = support.delivery(notice, support.address(amina, "sms", support.NUMBER))
    ladders_go_on([])
    assert not support.is_due(ladder)
    ladders_go_on([row])
    assert support.is_due(ladder)
