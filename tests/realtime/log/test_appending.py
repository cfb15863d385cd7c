"""The log numbers events without gaps, stores what goes on the wire, and reads in few queries."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from notifications.messages import SystemAnnouncement
from realtime import log, log_context
from realtime.core.records import Beside
from realtime.hub import login_data
from realtime.log import CursorMove, StoredEvent
from realtime.models import Cursor, EndedSession, Event, Stream
from realtime.protocol.messages import Payload
from tests.services.locks import threads, wait_for_a_waiter
from tests.stored import append, balance, page_after

pytestmark = pytest.mark.django_db
Queries = Callable[[int], AbstractContextManager[object]]


def offsets(entries: Iterable[StoredEvent]) -> list[int]:
    return [entry.offset for entry in entries]


def test_offsets_begin_at_one_and_have_no_gap() -> None:
    assert offsets(append("user:1", 10, 20)) == [1, 2]
    assert offsets(append("user:1", 30)) == [3]
    assert offsets(append("user:2", 40)) == [1]


def test_the_stored_payload_is_what_goes_on_the_wire() -> None:
    [entry] = append("user:1", 10)
    message = json.loads(entry.payload)
    assert (message["type"], message["stream"]) == ("balance_update", "user:1")
    assert message["offset"] == 1
    assert message["data"]["available_balance"] == "10"
    assert Event.objects.get().payload == entry.payload
    assert entry.filter_type == "balance"


@pytest.mark.django_db(transaction=True)
def test_a_failed_transaction_uses_no_offset() -> None:
    append("user:1", 10)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        log.append([("user:1", balance(20))])
        _ = 1 // 0
    assert offsets(append("user:1", 30)) == [2]
    assert Event.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_appending_outside_a_transaction_is_refused() -> None:
    with pytest.raises(TransactionManagementError):
        log.append([("user:1", balance(1))])


def test_a_repeated_key_is_written_once_and_returns_the_first_event() -> None:
    with transaction.atomic():
        [first] = log.append([("user:1", balance(1))], idempotency_key="k")
    with transaction.atomic():
        again = log.append([("user:1", balance(2)), ("user:2", balance(2))], idempotency_key="k")
    assert again[0] == first
    assert again[1].offset == 1
    assert Event.objects.count() == 2
    assert offsets(append("user:1", 3)) == [2]


def test_a_row_beside_an_event_keeps_where_it_is() -> None:
    """A row of any table will do: here, one of names."""
    append("user:1", 10)
    beside = Beside(
        "INSERT INTO auth_group (name) SELECT %s || event.place || ' ' || event.epoch FROM event",
        ("at ",),
    )
    with transaction.atomic():
        [entry] = log.append([("user:1", balance(20))], beside=beside)
    assert Group.objects.get().name == f"at 2 {entry.epoch}"
    assert entry.epoch == log.heads(["user:1"])["user:1"].epoch


def test_a_row_beside_an_event_has_the_whole_epoch() -> None:
    append("user:1", 10)
    log.bump_epoch()
    beside = Beside("INSERT INTO auth_group (name) SELECT event.epoch FROM event", ())
    with transaction.atomic():
        [entry] = log.append([("user:1", balance(20))], beside=beside)
    assert Group.objects.get().name == entry.epoch == log.heads(["user:1"])["user:1"].epoch


def test_a_key_for_two_events_of_a_stream_is_refused() -> None:
    with pytest.raises(ValueError, match="one event per stream"), transaction.atomic():
        log.append([("user:1", balance(1)), ("user:1", balance(2))], idempotency_key="k")
    assert not Event.objects.exists()


@pytest.mark.parametrize("way", ["one", "many", "keyed"])
def test_an_event_keeps_which_request_published_it(way: str) -> None:
    messages: list[tuple[str, Payload]] = [("user:1", balance(1))]
    if way == "many":
        messages += [("user:1", balance(2)), ("user:2", balance(3))]
    place = f"00-{'a' * 32}-{'b' * 16}-01"
    for work in (None, log_context.Work("id-1"), log_context.Work("id-2", traceparent=place)):
        token = log_context.work.set(work)
        try:
            with transaction.atomic():
                key = f"{work}" if way == "keyed" else None
                log.append(messages, idempotency_key=key)
        finally:
            log_context.work.reset(token)
    found = Event.objects.filter(stream__name="user:1").order_by("offset")
    expected = [(None, None), ("id-1", None), ("id-2", place)]
    if way == "many":
        expected = [each for each in expected for _ in range(2)]
    assert list(found.values_list("request_id", "traceparent")) == expected


def test_many_streams_are_written_with_few_queries(django_assert_max_num_queries: Queries) -> None:
    with django_assert_max_num_queries(20), transaction.atomic():
        entries = log.append([(f"user:{number}", balance(number)) for number in range(500)])
    assert {entry.offset for entry in entries} == {1}
    assert Stream.objects.count() == 500


def test_a_page_begins_after_its_offset() -> None:
    append("user:1", *range(log.PAGE + 5))
    head, first = page_after("user:1", 0)
    assert head.head == log.PAGE + 5
    assert offsets(first) == list(range(1, log.PAGE + 1))
    _, rest = page_after("user:1", log.PAGE)
    assert offsets(rest) == list(range(log.PAGE + 1, log.PAGE + 6))
    assert page_after("user:1", log.PAGE + 5)[1] == []


@pytest.mark.parametrize("letter", ["x", "ш", "€", "🙂"])
def test_a_page_ends_when_its_bytes_fill_a_socket(letter: str) -> None:
    text = letter * (10_000 // len(letter.encode()))  # bytes fill a socket, not characters

    def large(stream: str) -> tuple[str, Payload]:
        return stream, SystemAnnouncement(id="1", title="t", message=text)

    with transaction.atomic():
        log.append([large("user:1") for _ in range(9)] + [large("user:2") for _ in range(3)])
    found = log.read_many([("user:1", 0), ("user:1", 5), ("user:2", 3)], max_bytes=25_000)
    assert offsets(found["user:1", 0][1]) == [1, 2, 3]
    assert offsets(found["user:1", 5][1]) == [6, 7, 8]
    assert (found["user:2", 3][0].head, found["user:2", 3][1]) == (3, [])
    assert [e.offset for e in log.read_many([("user:1", 8)], max_bytes=1)["user:1", 8][1]] == [9]


def test_a_stream_is_created_once() -> None:
    first = log.ensure(["user:1", "announcements"])
    assert first["user:1"].head == 0
    assert log.ensure(["user:1", "announcements"]) == first


def test_a_cursor_only_moves_forward_within_an_epoch(alice: User) -> None:
    epoch = log.ensure(["user:1"])["user:1"].epoch
    for acked in (5, 3, 7):
        log.move_cursors([CursorMove(alice.pk, "phone", "user:1", epoch, acked)])
    assert (cursor := Cursor.objects.get()).acked == 7
    assert (cursor.device, cursor.stream.name, cursor.epoch) == ("phone", "user:1", epoch)
    log.move_cursors([CursorMove(alice.pk, "phone", "user:1", "later", 1)])
    moved = Cursor.objects.get()
    assert (moved.epoch, moved.acked) == ("later", 1)


def test_a_first_cursor_is_stored_once_and_an_existing_one_returned(
    alice: User,
    django_assert_num_queries: Queries,
) -> None:
    epoch = log.ensure(["user:1", "announcements"])["user:1"].epoch
    log.move_cursors([CursorMove(alice.pk, "phone", "user:1", epoch, 7)])
    moves = [
        CursorMove(alice.pk, "phone", "announcements", "", 4),
        CursorMove(alice.pk, "phone", "user:1", epoch, 9),
        CursorMove(alice.pk, "tab", "user:1", epoch, 3),
        CursorMove(alice.pk, "tab", "user:1", epoch, 5),
        CursorMove(alice.pk + 1, "phone", "user:1", epoch, 5),
    ]
    with django_assert_num_queries(1):
        found = log.begin_cursors(moves)
    assert found == {
        (alice.pk, "phone", "announcements"): ("", 4),
        (alice.pk, "phone", "user:1"): (epoch, 7),
        (alice.pk, "tab", "user:1"): (epoch, 3),
    }
    stored = {(c.device, c.stream.name): (c.epoch, c.acked) for c in Cursor.objects.all()}
    assert stored == {
        ("phone", "announcements"): ("", 4),
        ("phone", "user:1"): (epoch, 7),
        ("tab", "user:1"): (epoch, 3),
    }


def test_one_query_moves_cursors_and_skips_deleted_users_and_streams(
    alice: User,
    django_assert_num_queries: Queries,
) -> None:
    epoch = log.ensure(["user:1"])["user:1"].epoch
    moves = [CursorMove(alice.pk, f"device {n}", "user:1", epoch, n) for n in range(300)]
    gone = [
        CursorMove(alice.pk + 1, "phone", "user:1", epoch, 5),
        CursorMove(alice.pk, "phone", "user:99", epoch, 5),
    ]
    with django_assert_num_queries(1):
        log.move_cursors([*gone, *moves])
    found = dict(Cursor.objects.values_list("device", "acked"))
    assert found == {f"device {n}": n for n in range(300)}


def test_one_query_adds_to_the_counts_of_sockets_reached(
    django_assert_num_queries: Queries,
) -> None:
    append("announcements", 1, 2, 3)
    append("user:1", 1)
    counts = [("announcements", 1, 10), ("announcements", 3, 30), ("announcements", 99, 1)]
    for _ in range(2):
        with django_assert_num_queries(1):
            log.add_reached(counts)
    found = Event.objects.order_by("stream__name", "offset").values_list("reached", flat=True)
    assert list(found) == [20, 0, 60, 0]


def test_one_query_reads_the_missed_events_of_many(django_assert_num_queries: Queries) -> None:
    for user in range(100):
        append(f"user:{user}", *range(user % 5))
    with django_assert_num_queries(1):
        found = log.read_many([(f"user:{user}", 1) for user in range(100)] + [("user:x", 0)])
    for user in range(100):
        head, entries = found[f"user:{user}", 1]
        assert offsets(entries) == list(range(2, user % 5 + 1))
        assert {entry.stream for entry in entries} <= {f"user:{user}"}
        assert head.head == user % 5
    assert found["user:x", 0][0].epoch == ""


def test_one_query_reads_the_heads_of_many_streams(django_assert_num_queries: Queries) -> None:
    log.ensure([f"user:{number}" for number in range(3000)])
    with django_assert_num_queries(1):
        assert len(log.heads([f"user:{number}" for number in range(3100)])) == 3000


def test_one_query_logs_many_users_in(django_assert_num_queries: Queries) -> None:
    users = User.objects
    active = [users.create(username=f"user {number}") for number in range(50)]
    blocked = users.create(username="blocked", is_active=False)
    streams = [f"user:{user.pk}" for user in active]
    epochs = {name: head.epoch for name, head in log.ensure([*streams, "announcements"]).items()}
    log.move_cursors([CursorMove(active[3].pk, "phone", streams[3], epochs[streams[3]], 4)])
    EndedSession.objects.create(id="over", user=active[5], expires_at=timezone.now())
    who = [user.pk for user in (*active, blocked)] + [blocked.pk + 1]
    keys = [login_data.LoginKey(pk, "phone", "over" if pk == active[5].pk else "s") for pk in who]
    with django_assert_num_queries(1):
        found = login_data.load(keys)
    assert all(found[key].standing.is_active for key in keys[:50])
    assert [key for key in keys if found[key].standing.ended] == [keys[5]]
    assert found[keys[3]].cursors == {streams[3]: (epochs[streams[3]], 4)}
    assert found[keys[4]].cursors == {}
    assert set(found[keys[7]].heads) == {streams[7], "announcements"}
    inactive = found[keys[50]].standing
    assert (inactive.exists, inactive.is_active) == (True, False)
    assert not found[keys[51]].standing.exists


def test_many_events_of_many_streams_keep_their_order() -> None:
    messages = [(f"user:{number % 3}", balance(number)) for number in range(1500)]
    with transaction.atomic():
        log.append([("user:1", balance(-1))])
        entries = log.append(messages)
    following = {"user:0": 0, "user:1": 1, "user:2": 0}
    for number, entry in enumerate(entries):
        stream = f"user:{number % 3}"
        following[stream] += 1
        assert (entry.stream, entry.offset) == (stream, following[stream])
        stored = json.loads(entry.payload)
        assert stored["offset"] == entry.offset
        assert stored["data"]["available_balance"] == str(number)
    assert set(Event.objects.values_list("payload", flat=True)) >= {e.payload for e in entries}


@pytest.mark.django_db(transaction=True)
def test_concurrent_writers_and_rollbacks_leave_no_gap_and_no_inversion() -> None:
    writers, rounds, streams = 8, 25, ("user:1", "user:2")
    seen: dict[str, list[int]] = {name: [] for name in streams}
    done = threading.Event()
    log.ensure(streams)

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(rounds):
            names = list(streams)
            chance.shuffle(names)
            with suppress(ZeroDivisionError), transaction.atomic():
                log.append([(name, balance(seed)) for name in names])
                if chance.random() < 0.2:
                    raise ZeroDivisionError

    def tail() -> None:
        last = False
        while not last or any(page_after(name, seen[name][-1])[1] for name in streams):
            last = done.is_set()
            for name in streams:
                after = seen[name][-1] if seen[name] else 0
                seen[name] += offsets(page_after(name, after)[1])

    with threads() as call:
        reader = call(tail)
        try:
            for writing in [call(write, seed) for seed in range(writers)]:
                writing.result()
        finally:
            done.set()
        reader.result()
    for name in streams:
        committed = Event.objects.filter(stream__name=name).count()
        assert 0 < committed < writers * rounds  # some were rolled back
        assert seen[name] == list(range(1, committed + 1))
        assert Stream.objects.get(name=name).head == committed


@pytest.mark.parametrize(
    "text",
    [
        *("plain", '"', "\\", "\\u0000", "\x00", "%s", "\U0001f4b6 é", "', '"),
        "100 % {offset} %s '; DROP TABLE -- \\ \u2028",  # the syntax of SQL and of templates
    ],
)
def test_any_text_is_stored_as_it_goes_on_the_wire(text: str) -> None:
    payload = SystemAnnouncement(id="1", title=text, message=text)
    with transaction.atomic():
        # One, many, and with a key, in ways of their own.
        entries = log.append([("user:1", payload)])
        entries += log.append([("user:1", payload), ("user:2", payload)])
        entries += log.append([("user:1", payload)], idempotency_key="k")
    stored = {(e.stream.name, e.offset): e for e in Event.objects.select_related("stream")}
    assert len(stored) == len(entries) == 4
    for entry in entries:
        event, message = stored[entry.stream, entry.offset], json.loads(entry.payload)
        assert (event.payload, event.type) == (entry.payload, entry.type)
        assert event.filter_type == entry.filter_type
        assert (message["data"]["title"], message["offset"]) == (text, entry.offset)


@pytest.mark.django_db(transaction=True)
def test_streams_are_created_in_the_order_of_their_locks() -> None:
    """Otherwise a first login and a publisher to the same users would deadlock."""
    names = sorted(f"user:{number}" for number in range(1, 61))

    with threads() as call:
        with transaction.atomic():
            log.append([(names[0], balance(1))])
            beginning = call(log.ensure, names)
            wait_for_a_waiter("the login waits for the publisher")
            log.append([(name, balance(1)) for name in names[1:]])
        assert len(beginning.result()) == len(names)
