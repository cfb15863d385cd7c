"""What to trace is found by user and time, by an address, and by a provider's id."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import notifications
from notifications.addresses.values import address_hash
from notifications.models import Notification, Suppression
from notifications.trace import search
from realtime import clock
from tests.notifications.delivery.support import HOUR, NUMBER, address
from tests.notifications.support import note
from tests.notifications.trace.support import debit, sms


def test_it_finds_what_a_user_got_within_a_time(alice, bob):
    old = note(alice)
    row, now = debit(alice), clock.now()
    sms(row, state="failed")
    note(bob)
    Notification.objects.filter(pk=old.pk).update(created_at=now - 3 * HOUR, seen_at=now)
    newest, oldest = search.of_user(alice.pk)
    assert (newest.notification_id, newest.kind) == (str(row.pk), "transaction.debit")
    assert newest.text == "not seen; sms failed"
    assert (oldest.notification_id, oldest.text) == (str(old.pk), "seen")
    assert search.of_user(alice.pk, now - HOUR) == [newest]
    assert search.of_user(alice.pk, now - 4 * HOUR, now - HOUR) == [oldest]


@pytest.mark.parametrize("value", [NUMBER, "+256 772 000001", f" {NUMBER} "])
def test_it_finds_what_went_to_a_number(alice, value):
    row = debit(alice)
    to = address(alice, "sms", NUMBER, hash=address_hash("sms", NUMBER))
    sent = sms(row, to=to, state="delivered")
    [hit], suppressed = search.of_address(value)
    assert (hit.delivery_id, hit.notification_id) == (str(sent.pk), str(row.pk))
    assert (hit.text, suppressed) == ("sms: It has arrived.", "")


def test_it_finds_what_went_to_a_mailbox_and_what_suppresses_it(alice):
    digest = address_hash("email", "Amina@example.org")
    to = address(alice, "email", "amina@example.org", hash=digest)
    sms(debit(alice), to=to)
    Suppression.objects.create(
        channel="email", hash=digest, reason="bounced", source="smtp", created_at=clock.now()
    )
    hits, suppressed = search.of_address("AMINA@Example.org")
    assert len(hits) == 1
    assert "The mailbox does not exist." in suppressed and "Lift the suppression" in suppressed


def test_it_finds_nothing_by_what_is_no_address(alice):
    assert search.of_address("x") == ([], "")


def test_it_finds_a_delivery_by_the_id_of_its_provider(alice):
    sent = sms(debit(alice), provider="twilio", provider_id="SM1")
    assert [hit.delivery_id for hit in search.of_provider("SM1")] == [str(sent.pk)]
    assert search.of_provider("SM2") == []


def test_it_asks_for_the_ids_of_every_provider():
    folder = Path(notifications.__file__).parent / "channels"
    sources = (path.read_text() for path in folder.rglob("*.py"))
    names = {
        name for text in sources for name in re.findall(r'^(?:NAME|    name) = "(\w+)"', text, re.M)
    }
    assert names == set(search.PROVIDERS)
