"""The readings of the deployment, as `manage.py metrics` prints them."""

from __future__ import annotations

import threading
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, connections, transaction

from hoardrun.broadcasts.models import Broadcast
from realtime import clock
from realtime.cluster import meter_table, retention
from realtime.log import measuring
from realtime.meters import fleet
from realtime.meters.table import LISTS
from realtime.models import Connection, Cursor, Event, Node, Stream
from tests.services.environment import ROOT
from tests.services.metrics import Scrape
from tests.services.ports import wait_until
from tests.stored import append


def printed() -> Scrape:
    out = StringIO()
    call_command("metrics", stdout=out)
    return Scrape(out.getvalue())


@pytest.mark.parametrize("shards", [1, 3])
def test_the_page_has_the_tables_as_declared(shards: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LISTS, "shard", [str(place) for place in range(shards)])
    monkeypatch.setitem(LISTS, "route", ())  # those that other tests have asked for
    page = (ROOT / "docs" / "metrics.md").read_text()
    assert meter_table.with_tables(page) == page, "run `manage.py metrics --markdown`"
    for name in ("messages_sent_total", "log_events", "connections_closed_total"):
        assert page.count(f"| `hoardrun_{name}` |") == 1
    assert "``" not in page


@pytest.mark.django_db(transaction=True)
def test_the_log_is_measured(alice: User) -> None:
    append("announcements", 1, 2, 3)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # What this session has yet to report of its rows would be added after the count.
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute("ANALYZE realtime_event, realtime_stream")
    found = printed()
    assert found("log_events") == Event.objects.count() == 3
    assert found("log_streams") == Stream.objects.count()
    assert found("log_bytes") > 0
    assert 0 <= found("log_oldest_seconds") < 60
    assert found("nodes") == 0
    assert "hoardrun_retention_last_success_timestamp_seconds" not in found.types


@pytest.mark.django_db(transaction=True)  # a step that fails closes the connection
def test_retention_that_went_through_has_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    began = clock.now().timestamp()
    with monkeypatch.context() as patch:
        patch.setattr("realtime.access.tickets.forget_expired", lambda: 1 / 0)
        retention.apply()
        assert printed()("retention_last_success_timestamp_seconds") == 0
    retention.apply()
    assert printed()("retention_last_success_timestamp_seconds") >= began - 1


@pytest.mark.django_db
def test_a_new_epoch_has_a_time(alice: User) -> None:
    append("announcements", 1)
    assert "hoardrun_epoch_changed_timestamp_seconds" not in printed().types
    began = clock.now().timestamp()
    call_command("bump_epoch", "--all", stdout=StringIO())
    assert printed()("epoch_changed_timestamp_seconds") >= began - 1


@pytest.mark.django_db
def test_devices_that_do_not_keep_up_are_seen_while_they_are_connected(alice: User) -> None:
    append("announcements", *range(10))
    stream = Stream.objects.get(name="announcements")
    node = Node.objects.create(
        id="n", host="h", pid=1, version="1", started_at=clock.now(), seen_at=clock.now()
    )
    for number, acked in enumerate((10, 10, 10, 3, 0)):
        device = f"d{number}"
        Cursor.objects.create(
            user=alice, device=device, stream=stream, epoch=stream.epoch, acked=acked
        )
        if acked:  # the last one is not connected
            Connection.objects.create(
                id=device, node=node, user=alice, device=device, opened_at=clock.now()
            )
    found = printed()
    assert found("acks_behind_events", quantile="0.5") == 0
    assert found("acks_behind_events", quantile="1") == 7
    assert found("nodes") == 1


@pytest.mark.django_db
def test_broadcasts_that_wait_are_counted_with_their_age(alice: User) -> None:
    assert printed()("broadcasts_waiting") == 0
    for needs in (True, True, False):
        Broadcast.objects.create(
            author=alice, kind="announcement", payload={}, audience=1, needs_approval=needs
        )
    found = printed()
    assert found("broadcasts_waiting") == 2
    assert found("broadcasts_oldest_waiting_seconds") < 60


@pytest.mark.django_db(transaction=True)
def test_who_holds_up_others_is_seen_with_its_age(alice: User) -> None:
    if connection.vendor != "postgresql":
        assert measuring.locks() == {}
        return
    append("announcements", 1)
    let_go = threading.Event()

    def hold(then: Any) -> None:
        with transaction.atomic():
            Stream.objects.select_for_update().get(name="announcements")
            then()
        connections.close_all()

    held = threading.Event()

    def keep() -> None:
        held.set()
        let_go.wait(60)

    holder = threading.Thread(target=hold, args=(keep,))
    holder.start()
    assert held.wait(10)
    waiting = threading.Thread(target=hold, args=(lambda: None,))
    waiting.start()
    try:
        wait_until(lambda: printed()("db_lock_waiters") == 1, seconds=20, what="one waits")
        found = printed()
        assert 0 < found("db_lock_holder_seconds") < 60
        assert found("db_idle_transaction_seconds") > 0
    finally:
        let_go.set()
        holder.join()
        waiting.join()
    assert printed()("db_lock_waiters") == 0


@pytest.mark.django_db
def test_what_cannot_be_read_is_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> dict[str, Any]:
        raise LookupError("away")

    broken = fleet.Reading((fleet.gauge("broken", "Never there."),), fails)
    fleet.register(broken)
    try:
        found = printed()
    finally:
        fleet._readings.remove(broken)
    assert "hoardrun_broken" not in found.types
    assert found.types["hoardrun_nodes"] == "gauge"
    assert "hoardrun_broken not read: LookupError('away')" in caplog.text
