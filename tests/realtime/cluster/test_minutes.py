"""A node writes one row a minute of the database: what happened in it, and no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from realtime import clock
from realtime.cluster import minutes, retention
from realtime.db import threads
from realtime.meters import meters
from realtime.models import NodeMinute
from tests.realtime import rig
from tests.realtime.minutes import stored_minute

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def own() -> rig.Member:
    return rig.Member(most=10)


async def row() -> NodeMinute:
    return await NodeMinute.objects.order_by("-pk")[:1].aget()


async def end_minute(member: rig.Member) -> int:
    """Report as if the minute that is collected had ended; return which it was."""
    collected = member.reporter.minutes
    assert collected.minute is not None
    collected.minute -= 1
    ended = collected.minute
    await member.report()
    return ended


async def test_a_report_within_a_minute_writes_no_row_of_it(own: rig.Member) -> None:
    await own.report()
    for _ in range(3):
        collected = own.reporter.minutes.minute
        assert collected is not None
        await own.report()
        if own.reporter.minutes.minute == collected:  # else the clock's minute has ended
            assert not await NodeMinute.objects.filter(minute=collected).aexists()


async def test_a_row_has_what_happened_since_the_last(own: rig.Member, user_id: int) -> None:
    meters.messages_sent["pong"] += 7  # before: of no minute
    own.reporter.minutes = minutes.Minutes(own.hub)
    await own.report()
    own.attach(user_id)
    own.attach(user_id)
    meters.messages_sent["pong"] += 40
    meters.messages_received["ping"] += 30
    meters.slow_closed += 2
    meters.published["balance_update"] += 5
    meters.resumes["live"] += 9
    meters.resumes["trimmed"] += 1
    meters.events_found_by_reconcile += 3
    for seconds in (0.002, 0.002, 0.002, 0.3):
        meters.delivery_seconds["durable"].observe(seconds)
    ended = await end_minute(own)
    first = await row()
    assert (first.node, first.minute) == (own.hub.node_id, ended)
    assert (first.connections, first.users) == (2, 1)
    assert (first.messages_out, first.messages_in) == (40, 30)
    assert (first.slow_closed, first.published) == (2, 5)
    assert (first.resyncs, first.found_late, first.delivered) == (1, 3, 4)
    assert first.delivery_p50_ms is not None and 1 < first.delivery_p50_ms <= 2.5
    assert first.delivery_p99_ms is not None and 250 < first.delivery_p99_ms <= 500
    assert first.rss_mb > 1
    await NodeMinute.objects.all().adelete()
    await end_minute(own)
    second = await row()
    assert (second.connections, second.users) == (2, 1)
    assert (second.messages_out, second.slow_closed, second.delivered) == (0, 0, 0)
    assert second.delivery_p99_ms is None


async def test_peaks_between_two_reports_of_a_minute_are_kept(own: rig.Member) -> None:
    await own.report()
    own.hub.lag_ms = 120.0
    own.reporter.minutes.measure()
    own.hub.lag_ms = 1.0
    await end_minute(own)
    assert (await row()).lag_ms == 120.0


async def test_a_report_that_fails_loses_nothing(
    own: rig.Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    await own.report()

    def fail(*_: Any) -> None:
        raise OSError("the database is away")

    meters.slow_closed += 1
    with monkeypatch.context() as patch:
        patch.setattr(minutes, "store", fail)
        await end_minute(own)
    assert not await NodeMinute.objects.aexists()
    meters.slow_closed += 1
    await own.report()
    assert (await row()).slow_closed == 2


async def test_a_row_that_is_stored_twice_is_one(own: rig.Member) -> None:
    """The answer to a commit may be lost: the next report writes the same minute."""
    await own.report()
    collected = own.reporter.minutes
    ended = await end_minute(own)
    meters.slow_closed += 1
    collected.minute = ended
    await own.report()
    assert [one.slow_closed async for one in NodeMinute.objects.filter(minute=ended)] == [1]


async def test_the_last_report_writes_the_minute_that_has_begun(own: rig.Member) -> None:
    await own.reporter.leave()
    assert not await NodeMinute.objects.aexists()  # it had begun none
    await own.report()
    meters.slow_closed += 1
    await own.reporter.leave()
    assert (await row()).slow_closed == 1


async def test_retention_deletes_rows_after_14_days(own: rig.Member) -> None:
    await own.report()
    now = minutes.minute_of(await threads.run(clock.now))
    for age in (minutes.KEPT - timedelta(hours=1), minutes.KEPT + timedelta(hours=1)):
        await sync_to_async(stored_minute)(now - age // timedelta(minutes=1))
    await threads.run(retention.apply)
    [kept] = [one.minute async for one in NodeMinute.objects.all()]
    assert kept > now - minutes.KEPT // timedelta(minutes=1)
