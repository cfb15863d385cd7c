"""A look at the log names the streams that have changed since the last, and reads no others."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from realtime import log
from realtime.core.tail import Tail
from realtime.log import Changed
from realtime.models import Stream
from tests import stored
from tests.services.locks import threads
from tests.services.ports import wait_until

MOST = 1000
pytestmark = pytest.mark.django_db(transaction=True)


def settled(tail: Tail | None) -> Tail:
    """Look until nothing that was under way can add to what was seen."""
    tails = [tail]

    def is_quiet() -> bool:
        found = log.look(tails[-1], (), MOST)
        tails.append(found.tail)
        return found.heads == {}

    wait_until(is_quiet, seconds=10, what="no transaction of before is open")
    assert (found := tails[-1]) is not None
    return found


def begun() -> Tail:
    """Return a tail of a log in which nothing is under way."""
    return settled(None)


def changed(tail: Tail, *asked: str, most: int = MOST) -> tuple[set[str] | None, Tail]:
    found: Changed = log.look(tail, asked, most)
    return None if found.heads is None else set(found.heads), found.tail


def test_only_streams_with_new_events_are_named() -> None:
    stored.append("user:1", "a")
    stored.append("user:2", "b")
    tail = begun()
    stored.append("user:2", "c", "d")
    names, tail = changed(tail)
    assert names == {"user:2"}
    tail = settled(tail)
    assert changed(tail, "user:1")[0] == {"user:1"}


def test_a_quiet_log_costs_one_statement() -> None:
    stored.append("user:1", "a")
    tail = begun()
    with CaptureQueriesContext(connection) as asked:
        assert changed(tail) == (set(), tail)
    assert len(asked) == 1


def test_beyond_the_limit_all_streams_may_have_changed() -> None:
    stored.append("user:1", "a")
    tail = begun()
    stored.append("user:1", *range(4))
    assert changed(tail, most=3)[0] is None
    assert changed(tail, most=4)[0] == {"user:1"}


def test_new_epochs_make_all_streams_be_compared() -> None:
    stored.append("user:1", "a")
    tail = begun()
    log.bump_epoch(["user:1"])
    names, tail = changed(tail)
    assert names is None
    tail = begun()
    log.bump_epoch()
    assert changed(tail)[0] is None


def test_what_commits_late_is_named_when_it_does() -> None:
    if connection.vendor != "postgresql":
        return  # SQLite has one writer at a time: ids are committed in their order
    stored.append("user:1", "a")
    tail = begun()

    def later() -> tuple[set[str] | None, Tail]:
        stored.append("user:2", "late")
        return changed(tail)

    with threads() as call, transaction.atomic():
        stored.append("user:1", "early")
        names, tail = call(later).result()
        assert names == {"user:2"}
    names, tail = changed(tail)
    assert names is not None and "user:1" in names
    settled(tail)


def test_a_look_reads_no_stream_that_nobody_asks_for() -> None:
    if connection.vendor != "postgresql":
        return  # SQLite always finds rows by their keys
    Stream.objects.bulk_create(Stream(name=f"user:{number}") for number in range(2000))
    stored.append("user:1", "a")
    tail = begun()
    with transaction.atomic():
        log.append([(f"user:{number}", stored.balance()) for number in range(100)])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE realtime_stream")
    with transaction.atomic():
        before = scanned()
        names, _ = changed(tail, *(f"user:{number}" for number in range(50, 150)))
        assert scanned() == before
    assert names == {f"user:{number}" for number in range(150)}


def scanned() -> int:
    """Count the streams that this transaction has read without an index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'realtime_stream'"
        )
        return int(cursor.fetchone()[0])
