"""Retention removes the beginnings of streams whole, and moves the floor with them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import DataError, connection, transaction
from django.db.models import Model
from django.utils import timezone

from hoardrun.api.tokens import login_create, login_refresh
from realtime import clock, log
from realtime.cluster import listing, minutes, retention
from realtime.log import CursorMove
from realtime.models import (
    Cursor,
    Delay,
    Departure,
    EndedSession,
    Event,
    IssuedToken,
    Node,
    NodeMinute,
    Stream,
    Ticket,
)
from tests import stored
from tests.realtime.minutes import stored_minute
from tests.services.locks import threads, wait_for_a_waiter

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db(transaction=True)


def append(stream: str, count: int, *, days_old: float = 0) -> None:
    entries = stored.append(stream, *range(count))
    Event.objects.filter(
        stream__name=stream, offset__in=[entry.offset for entry in entries]
    ).update(created_at=timezone.now() - days_old * DAY)


def offsets(stream: str) -> list[int]:
    return list(
        Event.objects.filter(stream__name=stream)
        .order_by("offset")
        .values_list("offset", flat=True)
    )


def trim(**options: Any) -> log.Trimmed:
    return log.trim(**{"before": timezone.now() - 7 * DAY, "keep": 10**6, **options})


def run(command: str, *arguments: str, capsys: pytest.CaptureFixture[str]) -> Any:
    call_command(command, *arguments, "--json")
    return json.loads(capsys.readouterr().out)


def test_old_events_are_removed_and_the_floor_moves_with_them() -> None:
    append("user:1", 500, days_old=8)
    append("user:1", 3)
    append("user:2", 2)
    append("user:3", 4, days_old=30)
    assert trim() == (2, 504)
    assert offsets("user:1") == [501, 502, 503]
    assert offsets("user:2") == [1, 2]
    assert offsets("user:3") == []
    assert dict(Stream.objects.values_list("name", "floor")) == {
        "user:1": 500,
        "user:2": 0,
        "user:3": 4,
    }
    assert trim() == (0, 0)
    append("user:3", 1)
    assert offsets("user:3") == [5]


def test_each_stream_keeps_its_last_events() -> None:
    append("user:1", 450)
    append("user:2", 5)
    assert trim(keep=10) == (1, 440)
    assert offsets("user:1") == list(range(441, 451))
    assert len(offsets("user:2")) == 5


def test_an_old_event_behind_a_younger_one_stays() -> None:
    append("user:1", 2, days_old=9)
    append("user:1", 1)
    append("user:1", 2, days_old=9)  # written by a node whose clock was wrong
    assert trim() == (1, 2)
    assert offsets("user:1") == [3, 4, 5]


def test_a_dry_run_counts_what_a_run_removes() -> None:
    append("user:1", 300, days_old=8)
    append("user:1", 5)
    append("user:2", 12)
    assert trim(keep=10, dry_run=True) == (2, 302)
    assert (len(offsets("user:1")), len(offsets("user:2"))) == (305, 12)
    assert trim(keep=10) == (2, 302)


def test_a_page_after_the_floor_is_whole_and_one_before_it_shows_the_floor() -> None:
    append("user:1", 5, days_old=8)
    append("user:1", 5)
    trim()
    head, entries = stored.page_after("user:1", 5)
    assert (head.floor, [entry.offset for entry in entries]) == (5, [6, 7, 8, 9, 10])
    head, _ = stored.page_after("user:1", 4)
    assert head.floor > 4


def test_nodes_trim_by_the_settings(alice: User, settings: Any) -> None:
    settings.REALTIME = {**settings.REALTIME, "RETENTION_DAYS": 2.0, "RETENTION_EVENTS": 4}
    append("user:1", 3, days_old=3)
    append("user:1", 6)
    epoch = log.heads(["user:1"])["user:1"].epoch
    for device in ("old", "new"):
        log.move_cursors([CursorMove(alice.pk, device, "user:1", epoch, 1)])
    Cursor.objects.filter(device="old").update(updated_at=timezone.now() - 100 * DAY)
    retention.apply()
    assert offsets("user:1") == [6, 7, 8, 9]
    assert list(Cursor.objects.values_list("device", flat=True)) == ["new"]


def test_one_node_does_it_for_all(settings: Any) -> None:
    settings.REALTIME = {**settings.REALTIME, "RETENTION_EVENTS": 4}
    append("user:1", 6)
    retention.apply_if_due()
    assert offsets("user:1") == [3, 4, 5, 6]
    append("user:1", 2)
    retention.apply_if_due()  # as another node does at its start
    assert offsets("user:1") == [3, 4, 5, 6, 7, 8]


def test_a_node_that_cannot_leaves_it_to_the_next(settings: Any) -> None:
    settings.REALTIME = {**settings.REALTIME, "RETENTION_EVENTS": 4}
    append("user:1", 6)

    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("DELETE"):
            raise DataError("this role may not")
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        retention.apply_if_due()
    assert offsets("user:1") == [1, 2, 3, 4, 5, 6]
    retention.apply_if_due()  # as another node does soon after
    assert offsets("user:1") == [3, 4, 5, 6]


@pytest.fixture
def over(alice: User) -> set[type[Model]]:
    """Write one expired row of each kind that retention deletes."""
    append("user:1", 1, days_old=1000)
    log.move_cursors([CursorMove(alice.pk, "phone", "user:1", "e", 1)])
    Cursor.objects.update(updated_at=clock.now() - 1000 * DAY)
    login_create(user=alice)
    past = clock.now() - DAY
    IssuedToken.objects.update(expires_at=past)
    EndedSession.objects.create(id="over", user=alice, expires_at=past)
    Ticket.objects.create(
        hash="over", user=alice, session="s", stamp="", login_expires_at=past, expires_at=past
    )
    long_ago = clock.now() - listing.DEPARTED_KEPT - DAY
    Departure.objects.create(
        connection_id="over", user=alice, code=1001, opened_at=long_ago, closed_at=long_ago
    )
    Delay.objects.create(node="n", kind="frozen", began_at=long_ago, ended_at=long_ago)
    stored_minute(minutes.minute_of(long_ago))
    return {Event, Cursor, IssuedToken, EndedSession, Ticket, Departure, Delay, NodeMinute}


def test_every_kind_of_expired_row_is_removed(
    over: set[type[Model]], caplog: pytest.LogCaptureFixture
) -> None:
    retention.apply()
    assert {kind for kind in over if kind._default_manager.exists()} == set()
    assert caplog.text == ""


def test_many_rows_of_nodes_are_removed_in_small_transactions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listing, "ROWS", 2)
    long_ago = clock.now() - listing.DEPARTED_KEPT - DAY
    for number in range(3):
        Delay.objects.create(node="n", kind="lost", began_at=long_ago, ended_at=long_ago)
        stored_minute(minutes.minute_of(long_ago) + number)
    tables: list[str] = []

    def noted(execute: Any, sql: str, *rest: Any) -> Any:
        tables.extend(re.findall(r'DELETE FROM "(\w+)"', sql))
        return execute(sql, *rest)

    with connection.execute_wrapper(noted):
        retention.apply()
    assert not Delay.objects.exists() and not NodeMinute.objects.exists()
    assert tables.count("realtime_delay") == tables.count("realtime_nodeminute") == 2


@pytest.mark.parametrize(
    "broken",
    [Event, Cursor, IssuedToken, EndedSession, Ticket, Departure, Delay, NodeMinute],
)
def test_a_failing_step_of_retention_stops_no_other(
    over: set[type[Model]], caplog: pytest.LogCaptureFixture, broken: type[Model]
) -> None:
    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        if broken._meta.db_table in sql:
            raise DataError("date value out of range")
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        retention.apply()
    assert {kind for kind in over if kind._default_manager.exists()} == {broken}
    assert "job retention" in caplog.text
    assert "date value out of range" in caplog.text


def test_the_latest_devices_of_each_user_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.log.trimming.CURSORS_OF_A_USER", 3)
    append("user:1", 9)
    epoch = log.heads(["user:1"])["user:1"].epoch
    for name in ("alice", "bob"):
        user = User.objects.create(username=name)
        for number in range(5 if name == "alice" else 3):
            log.move_cursors([CursorMove(user.pk, f"{name} {number}", "user:1", epoch, 9)])
    log.move_cursors([CursorMove(user.pk, "bob 0", "user:1", "later", 1)])
    retention.apply()
    assert set(Cursor.objects.values_list("device", flat=True)) == {
        *("alice 2", "alice 3", "alice 4"),
        *("bob 0", "bob 1", "bob 2"),
    }


def test_expired_refresh_tokens_are_removed(alice: User) -> None:
    refresh = login_create(user=alice).refresh
    for _ in range(3):
        refresh = login_refresh(refresh=refresh).refresh
    current = IssuedToken.objects.get(used_at=None)
    past = timezone.now() - timedelta(seconds=1)
    IssuedToken.objects.exclude(pk=current.pk).update(expires_at=past)
    retention.apply()
    assert list(IssuedToken.objects.all()) == [current]


def test_a_node_whose_clock_is_ahead_removes_nothing(
    alice: User, wrong_clock: Callable[[timedelta], None], capsys: pytest.CaptureFixture[str]
) -> None:
    login_create(user=alice)
    EndedSession.objects.create(id="over", user=alice, expires_at=clock.now() + DAY)
    append("user:1", 3)
    log.move_cursors([CursorMove(alice.pk, "phone", "user:1", "e", 1)])
    kinds = (Event, Cursor, EndedSession, IssuedToken)
    before = [kind._default_manager.count() for kind in kinds]
    wrong_clock(365 * DAY)
    retention.apply()
    run("trim_events", capsys=capsys)
    assert [kind._default_manager.count() for kind in kinds] == before


def test_rows_of_a_node_whose_clock_is_behind_last_as_long(
    alice: User,
    wrong_clock: Callable[[timedelta], None],
) -> None:
    start = clock.now()
    wrong_clock(-365 * DAY)
    payload = stored.balance()
    with transaction.atomic():
        log.append([("user:1", payload)])
        log.append([("user:1", payload), ("user:2", payload)])
        log.append([("user:1", payload)], idempotency_key="once")
    log.move_cursors([CursorMove(alice.pk, "phone", "user:1", "e", 1)])
    wrong_clock(timedelta())
    retention.apply()
    assert offsets("user:1") == [1, 2, 3]
    assert Cursor.objects.count() == 1
    for event in Event.objects.all():  # SQLite's time has milliseconds
        assert start <= event.created_at <= clock.now()
        said = datetime.fromisoformat(json.loads(event.payload)["timestamp"])
        assert abs(said - event.created_at) < timedelta(milliseconds=1)


def test_the_command_trims_or_counts(capsys: pytest.CaptureFixture[str]) -> None:
    append("user:1", 20, days_old=8)
    append("user:1", 20)
    dry = run("trim_events", "--days", "7", "--dry-run", capsys=capsys)
    assert dry == {"streams": 1, "events": 20, "dry_run": True}
    assert run("trim_events", "--keep", "5", capsys=capsys)["events"] == 35
    assert offsets("user:1") == list(range(36, 41))
    with pytest.raises(CommandError, match="from 0"):
        call_command("trim_events", "--keep", "-1")


@pytest.mark.parametrize(
    ("arguments", "changed"),
    [(["--all"], {"user:1", "user:2"}), (["--stream", "user:2"], {"user:2"})],
)
def test_a_new_epoch_changes_no_offset(
    arguments: Sequence[str], changed: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    append("user:1", 3)
    append("user:2", 3)
    before = log.heads(["user:1", "user:2"])
    assert run("bump_epoch", *arguments, capsys=capsys) == {"streams": len(changed)}
    after = log.heads(["user:1", "user:2"])
    assert {name for name in after if after[name].epoch != before[name].epoch} == changed
    assert len({head.epoch for head in after.values()}) == 2
    assert [head.head for head in after.values()] == [3, 3]
    append("user:2", 1)
    assert offsets("user:2") == [1, 2, 3, 4]


def test_a_missing_stream_gets_no_epoch() -> None:
    append("user:1", 1)
    with pytest.raises(CommandError, match="no stream 'user:9'"):
        call_command("bump_epoch", "--stream", "user:1", "user:9")


def test_new_epochs_and_publishers_never_deadlock() -> None:
    for number in range(1, 12):  # by their names, user:10 comes before user:9
        append(f"user:{number}", 1)
    names = [f"user:{number}" for number in range(1, 12)]
    before = log.heads(["user:9", "user:10"])

    with threads() as call:
        with transaction.atomic():
            append("user:10", 1)
            bumping = call(log.bump_epoch, names)
            wait_for_a_waiter("the new epochs wait for the publisher")
            append("user:9", 1)
        assert bumping.result() == 11
    after = log.heads(["user:9", "user:10"])
    assert all(after[name].epoch != before[name].epoch for name in before)
    assert {head.head for head in after.values()} == {2}


def test_while_a_node_of_an_earlier_release_serves_each_stream_changes_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It reads the streams' own part alone."""
    append("user:1", 1)
    now = timezone.now()
    for epoch in ("", None):
        Node.objects.create(
            id=str(epoch), host="h", pid=1, version="0", started_at=now, seen_at=now, epoch=epoch
        )
        own = Stream.objects.get().epoch
        assert run("bump_epoch", "--all", capsys=capsys) == {"streams": 1}
        assert (Stream.objects.get().epoch != own) == (epoch is None)
