"""How channels stand: what waits, since when, and who works."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.delivery import overview
from notifications.models import Delivery
from realtime import clock
from realtime.outgoing import heartbeat, pacing
from tests.notifications.delivery import support
from tests.notifications.delivery.support import HOUR, MINUTE
from tests.notifications.support import note

pytestmark = pytest.mark.django_db


def now_of(channel: str) -> overview.ChannelNow:
    return next(one for one in overview.overview().channels if one.channel == channel)


def test_it_counts_what_waits_and_says_since_when(amina):
    then = clock.now() - 2 * MINUTE
    phone = support.address(amina, "sms", support.NUMBER)
    support.delivery(note(amina), phone, not_before=then + MINUTE, priority=3)
    support.delivery(note(amina), phone, not_before=then, priority=0)
    support.delivery(note(amina), phone, not_before=clock.now() + HOUR)
    support.delivery(note(amina), phone, state="unknown")
    late = support.delivery(note(amina), phone, state="accepted", late=True)
    support.delivery(note(amina), phone, state="accepted", late=True, created_at=then - 25 * HOUR)
    support.ladder(note(amina), due_at=then)
    found = now_of("sms")
    assert (found.waiting, found.unknown, found.late) == (2, 1, 1)
    assert found.waits_since == then
    assert now_of("push").waits_since is None
    everything = overview.overview()
    assert (everything.ladders, everything.ladders_since) == (1, then)
    Delivery.objects.filter(pk=late.pk).update(late=False)
    assert now_of("sms").late == 0


def test_no_number_is_counted_to_its_end(amina, monkeypatch):
    monkeypatch.setattr(overview, "MOST", 2)
    phone = support.address(amina, "sms", support.NUMBER)
    for _ in range(5):
        support.delivery(note(amina), phone, state="unknown")
    assert now_of("sms").unknown == 3  # which says that there are more than two


def test_it_says_who_works_and_what_is_set_up(settings):
    settings.CHANNELS = {"EMAIL_HOST": "mail.acme.example", "EMAIL_FROM": "a@acme.example"}
    heartbeat.beat("email")
    email, sms = now_of("email"), now_of("sms")
    assert email.is_set_up and email.work.is_alive
    assert not sms.is_set_up and not sms.work.is_alive
    assert [(one.known.name, one.is_set_up) for one in email.providers] == [
        ("smtp", True),
        ("email", False),
    ]
    everything = overview.overview()
    assert everything.needs_workers
    assert everything.silent == ["judge"]
    settings.CHANNELS = {}
    nothing = overview.overview()
    assert not nothing.needs_workers
    assert nothing.silent == []


def test_gates_tell_a_stop_a_breaker_and_a_pause_apart():
    pacing.stop("twilio", by="staff:1", why="It loops.")
    pacing.hold("africastalking", 60)
    first, second = (one.gate for one in now_of("sms").providers)
    assert (first.name, first.is_held, first.is_stopped) == ("africastalking", True, False)
    assert (second.name, second.is_held, second.is_stopped) == ("twilio", False, True)
    assert not first.is_open


def test_hosts_that_fail_are_in_front():
    for name in ("push:a.example", "push:b.example"):
        pacing.take(name, 10)
    pacing.stop("push:b.example", by="staff:1", why="It loops.")
    hosts = now_of("push").providers[0].hosts
    assert [gate.name for gate in hosts] == ["push:b.example", "push:a.example"]
    assert overview.is_gate("push:a.example") and not overview.is_gate("push:c.example")


def test_the_oldest_is_found_without_reading_those_behind_it(amina):
    phone = support.address(amina, "sms", support.NUMBER)
    for minutes in range(30):
        then = clock.now() - timedelta(minutes=minutes)
        support.delivery(note(amina), phone, not_before=then)
    with CaptureQueriesContext(connection) as asked:
        overview.overview()
    assert not [query for query in asked.captured_queries if "MIN(" in query["sql"]]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"),
     (172_800, "2 days"), (-5, "0 s")],
)  # fmt: skip
def test_a_span_in_words(seconds, said):
    now = clock.now()
    assert overview.span(now - timedelta(seconds=seconds), now) == said
    assert overview.span(None, now) == ""
