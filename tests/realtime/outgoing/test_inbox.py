"""Raw webhooks are kept once, and emptied after 30 days."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from realtime import clock
from realtime.models import Webhook
from realtime.outgoing.inbox import KEPT, keep, scrub

HEADERS = {"Content-Type": "text/plain", "Cookie": "secret", "X-Twilio-Signature": "abc"}
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_request_is_kept_as_it_came_and_a_repetition_is_counted() -> None:
    assert keep("p1", b"id=1\x00\xff", HEADERS, is_proven=True)
    assert not keep("p1", b"id=1\x00\xff", HEADERS, is_proven=True)
    assert keep("p2", b"id=1\x00\xff", HEADERS, is_proven=False)
    row = Webhook.objects.get(source="p1")
    assert (bytes(row.body), row.repeats, row.is_proven) == (b"id=1\x00\xff", 1, True)
    assert row.headers == {"content-type": "text/plain", "x-twilio-signature": "abc"}


def test_of_many_copies_at_once_one_is_new() -> None:
    def copy(number: int) -> bool:
        try:
            return keep("p1", b"id=1", {}, is_proven=True)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as senders:
        assert sum(senders.map(copy, range(12))) == 1
    assert Webhook.objects.get().repeats == 11


def test_old_bodies_are_emptied_and_their_hashes_stay() -> None:
    keep("p1", b"old", HEADERS, is_proven=True)
    Webhook.objects.update(received_at=clock.now() - KEPT - timedelta(minutes=1))
    keep("p1", b"new", HEADERS, is_proven=True)
    assert scrub(clock.now()) == 1
    assert scrub(clock.now()) == 0
    old, new = Webhook.objects.order_by("pk")
    assert (bytes(old.body), old.headers, bytes(new.body)) == (b"", {}, b"new")
    assert not keep("p1", b"old", HEADERS, is_proven=True)
    old.refresh_from_db()
    assert (old.repeats, bytes(old.body)) == (1, b"")
