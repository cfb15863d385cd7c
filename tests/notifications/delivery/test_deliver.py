"""`manage.py deliver`."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from notifications.models import Delivery
from tests.notifications.delivery import support
from tests.notifications.delivery.support import MINUTE, NUMBER, committed

pytestmark = pytest.mark.django_db


def test_once_does_what_is_due(amina, outside):
    support.address(amina, "sms", NUMBER)
    committed(amina, "transaction.failed", ago=6 * MINUTE)
    call_command("deliver", "--once")
    assert Delivery.objects.get(channel="sms").state == "accepted"


def test_only_the_channels_that_are_asked_for(amina, outside):
    support.address(amina, "sms", NUMBER)
    committed(amina, "transaction.failed", ago=6 * MINUTE)
    call_command("deliver", "--once", "--channels", "push,email")
    assert Delivery.objects.get(channel="sms").state == "queued"


def test_drain_sends_what_is_queued_and_judges_nothing(amina, outside):
    to = support.address(amina, "sms", NUMBER)
    row = committed(amina, "transaction.failed", ago=6 * MINUTE)
    support.delivery(row.notification, to, kind="security.general", rung=9)
    call_command("deliver", "--drain")
    assert [one.state for one in Delivery.objects.all()] == ["accepted"]


def test_after_a_restore_nothing_is_sent_twice(amina, outside):
    to = support.address(amina, "sms", NUMBER)
    support.delivery(committed(amina, "system.general").notification, to)
    call_command("deliver", "--after-restore")
    assert Delivery.objects.get().reason == "after_restore"


@pytest.mark.parametrize("given", ["pigeon", "sms,sms,pigeon", ""])
def test_an_unknown_channel_is_refused(given):
    with pytest.raises(CommandError, match="is no list of push, sms, email"):
        call_command("deliver", "--channels", given)
