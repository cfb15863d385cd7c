"""Workers share the pace of a provider, and obey what stops it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from realtime import clock
from realtime.models import Host
from realtime.outgoing import pacing
from realtime.outgoing.pacing import Slot, take

WORKERS = 4
BUSY = 20.0  # seconds that a busy machine may take between two calls, and that no wait depends on
pytestmark = pytest.mark.django_db(transaction=True)


def open_for(seconds: float, name: str = "twilio") -> None:
    until = clock.now() + timedelta(seconds=seconds)
    Host.objects.update_or_create(
        name=name, defaults={"opened_until": until, "updated_at": clock.now()}
    )


def test_slots_follow_each_other_at_the_rate() -> None:
    waits = [take("twilio", 0.01, within_seconds=1000).wait_seconds for _ in range(3)]
    assert waits == pytest.approx([0, 100, 200], abs=BUSY)
    assert take("other", 0.01) == Slot(True, 0.0)


def test_several_slots_are_taken_at_once() -> None:
    assert take("twilio", 10, 2000, within_seconds=1).wait_seconds == 0
    assert take("twilio", 10, 1, within_seconds=600).wait_seconds == pytest.approx(200, abs=BUSY)


def test_what_begins_too_late_is_not_taken() -> None:
    take("twilio", 0.01)
    before = Host.objects.get().next_at
    slot = take("twilio", 0.01, within_seconds=1)
    assert (slot.is_taken, slot.why) == (False, "busy")
    assert slot.wait_seconds == pytest.approx(100, abs=BUSY)
    assert Host.objects.get().next_at == before


def test_a_pause_is_not_saved_up() -> None:
    take("twilio", 0.01)
    Host.objects.update(next_at=clock.now() - timedelta(hours=1))
    assert take("twilio", 0.01) == Slot(True, 0.0)
    assert take("twilio", 0.01, within_seconds=600).wait_seconds == pytest.approx(100, abs=BUSY)


def test_workers_share_one_rate() -> None:
    def work(number: int) -> list[float]:
        try:
            return [take("twilio", 0.02, within_seconds=10_000).wait_seconds for _ in range(10)]
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as workers:
        waits = sorted(wait for each in workers.map(work, range(WORKERS)) for wait in each)
    steps = [later - earlier for earlier, later in zip(waits, waits[1:], strict=False)]
    assert len(waits) == 40 and waits[-1] == pytest.approx(39 * 50, abs=BUSY)
    assert min(steps) > 50 - BUSY  # no slot was given twice


def test_a_retry_after_holds_everybody_and_never_shortens() -> None:
    pacing.hold("twilio", 100)
    assert take("twilio", 10).wait_seconds == pytest.approx(100, abs=BUSY)
    pacing.hold("twilio", 7)
    slot = take("twilio", 10)
    assert (slot.is_taken, slot.why) == (False, "busy")
    assert slot.wait_seconds == pytest.approx(100, abs=BUSY)


def test_an_open_breaker_lets_nothing_through_until_its_end() -> None:
    open_for(50)
    slot = take("twilio", 10)
    assert (slot.is_taken, slot.why) == (False, "open")
    assert slot.wait_seconds == pytest.approx(50, abs=BUSY)
    open_for(-1)
    assert take("twilio", 10).is_taken


def test_staff_stop_a_provider_and_let_it_go_on() -> None:
    pacing.stop("twilio", by="staff:7", why="It charges twice.")
    assert take("twilio", 10) == Slot(False, 0.0, "stopped")
    host = Host.objects.get()
    assert (host.stopped_by, host.stopped_why) == ("staff:7", "It charges twice.")
    pacing.hold("twilio", 100)
    pacing.resume("twilio")
    assert take("twilio", 10) == Slot(True, 0.0)
    assert Host.objects.get().stopped_by == ""


def test_one_query_says_what_is_blocked() -> None:
    pacing.stop("channel:sms", by="staff:7", why="")
    open_for(50)
    open_for(-1, "push:example.com")
    names = ["twilio", "channel:sms", "push:example.com", "channel:email"]
    assert pacing.blocked(names) == {"twilio": "open", "channel:sms": "stopped"}


def test_hosts_that_nobody_calls_are_forgotten() -> None:
    take("old", 1)
    pacing.stop("stopped", by="staff:7", why="")
    Host.objects.update(updated_at=clock.now() - timedelta(days=40))
    take("new", 1)
    assert pacing.forget(before=clock.now() - timedelta(days=30)) == 1
    assert set(Host.objects.values_list("name", flat=True)) == {"stopped", "new"}
