"""What is read of the devices of users, in one query."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from realtime import clock, log, reach
from realtime.log import CursorMove
from realtime.models import Connection, Cursor, Departure, Node
from realtime.reach import DeviceReach, UserReach
from realtime.registry import ALIVE_WITHIN
from tests.stored import append

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = timedelta(seconds=1)


@pytest.fixture
def now() -> datetime:
    return clock.now()


@pytest.fixture
def alive(now: datetime) -> Node:
    return node_seen(now)


def node_seen(at: datetime) -> Node:
    return Node.objects.create(
        id=secrets.token_hex(4), host="h", pid=1, version="1", started_at=at, seen_at=at
    )


def opened(user: User, on: Node, device: str = "", device_class: str = "", **more: object) -> None:
    Connection.objects.create(
        id=secrets.token_hex(8), node=on, user=user, session="s", device=device,
        device_class=device_class, opened_at=on.started_at, **more,
    )  # fmt: skip


def closed(
    user: User, at: datetime, device: str = "", device_class: str = "", **more: object
) -> None:
    Departure.objects.create(
        connection_id=secrets.token_hex(8), user=user, device=device, device_class=device_class,
        code=1001, opened_at=at - SECOND, closed_at=at, **more,
    )  # fmt: skip


def of(user: User, since: datetime) -> UserReach:
    return reach.devices({user.pk: since})[user.pk]


def only(user: User, since: datetime) -> DeviceReach:
    [device] = of(user, since).devices
    return device


def test_who_was_never_there_has_no_device(alice: User, now: datetime) -> None:
    found = of(alice, now)
    assert (found.devices, found.last_seen_at) == ((), None)
    assert abs(found.moment - now) < 10 * SECOND
    assert reach.devices({}) == {}


def test_an_event_has_reached_the_phone_that_acknowledged_it(
    alice: User, now: datetime, alive: Node
) -> None:
    stream = f"user:{alice.pk}"
    event = append(stream, "first", "second")[-1]
    opened(alice, alive, "phone", "phone")
    assert of(alice, now).reached(event.epoch, event.offset, now) is None
    log.move_cursors([CursorMove(alice.pk, "phone", stream, event.epoch, event.offset)])
    found = of(alice, now).reached(event.epoch, event.offset, now)
    assert found is not None and found.name == "phone"
    assert found.acked_at == Cursor.objects.get().updated_at
    log.bump_epoch()
    [after] = append(stream, "third")
    assert of(alice, now).reached(after.epoch, event.offset, now) is None


def test_a_desktop_counts_if_its_person_was_there_since(
    alice: User, now: datetime, alive: Node
) -> None:
    stream = f"user:{alice.pk}"
    [event] = append(stream, "first")
    log.move_cursors([CursorMove(alice.pk, "desk", stream, event.epoch, event.offset)])
    opened(alice, alive, "desk", "desktop", active_at=now - 60 * SECOND)
    since = now - 30 * SECOND
    assert of(alice, since).reached(event.epoch, event.offset, since) is None
    Connection.objects.update(is_active=True)
    found = of(alice, since).reached(event.epoch, event.offset, since)
    assert found is not None and found.active_at == alive.seen_at
    Connection.objects.all().delete()
    assert of(alice, since).reached(event.epoch, event.offset, since) is None
    closed(alice, now, "desk", "desktop", active_at=now - 20 * SECOND)
    assert of(alice, since).reached(event.epoch, event.offset, since) is not None
    later = now - 10 * SECOND
    assert of(alice, later).reached(event.epoch, event.offset, later) is None


def test_a_device_is_in_use_at_any_of_its_sockets(alice: User, now: datetime, alive: Node) -> None:
    opened(alice, alive, "desk", "desktop", active_at=now - 9 * SECOND)
    opened(alice, alive, "desk", "desktop", is_active=True)
    closed(alice, now - SECOND, "desk", "desktop", active_at=now - 5 * SECOND)
    device = only(alice, now - 60 * SECOND)
    assert device.is_open and device.is_active
    assert device.active_at == alive.seen_at


def test_sockets_of_a_silent_node_are_not_open(alice: User, now: datetime) -> None:
    silent = node_seen(now - 2 * ALIVE_WITHIN)
    opened(alice, silent, "desk", "desktop", is_active=True)
    device = only(alice, now - 60 * SECOND)
    assert (device.is_open, device.is_active) == (False, False)
    assert device.active_at == silent.seen_at == of(alice, now).last_seen_at


def test_sockets_without_a_name_that_differ_have_no_class(
    alice: User, now: datetime, alive: Node
) -> None:
    opened(alice, alive, device_class="phone")
    assert only(alice, now).device_class == "phone"
    opened(alice, alive, device_class="desktop")
    assert only(alice, now).device_class == ""


def test_what_closed_before_the_event_says_only_when_the_user_was_seen(
    alice: User, now: datetime
) -> None:
    for seconds in (90, 60, 75):
        closed(alice, now - seconds * SECOND, "phone", "phone")
    closed(alice, now - 30 * SECOND, "svc-books")
    closed(alice, now - 20 * SECOND, "ledger", "service")
    found = of(alice, now - 10 * SECOND)
    assert found.devices == ()
    assert found.last_seen_at == now - 60 * SECOND


def test_a_phone_counts_before_its_socket_is_listed_and_after_it_was(
    alice: User, now: datetime, alive: Node
) -> None:
    stream = f"user:{alice.pk}"
    [event] = append(stream, "first")
    for device, device_class in (("mine", "phone"), ("books", "service"), ("other", "")):
        log.begin_cursors([CursorMove(alice.pk, device, stream, event.epoch, 0, device_class)])
        log.move_cursors([CursorMove(alice.pk, device, stream, event.epoch, event.offset)])
    found = of(alice, now)
    assert {d.name: d.device_class for d in found.devices} == {
        "mine": "phone", "books": "service", "other": "",
    }  # fmt: skip
    reached = found.reached(event.epoch, event.offset, now)
    assert reached is not None and reached.name == "mine"
    opened(alice, alive, "mine", "desktop")  # what a socket says now counts more
    assert of(alice, now).reached(event.epoch, event.offset, now) is None


def test_a_cursor_says_when_a_device_was_last_seen(alice: User, now: datetime) -> None:
    stream = f"user:{alice.pk}"
    [event] = append(stream, "first")
    for device in ("phone", "svc-books"):
        log.move_cursors([CursorMove(alice.pk, device, stream, event.epoch, 1)])
    Cursor.objects.filter(device="phone").update(updated_at=now - timedelta(days=20))
    assert of(alice, now).last_seen_at == now - timedelta(days=20)


def test_the_devices_of_many_users_are_one_query(
    alice: User, bob: User, now: datetime, alive: Node
) -> None:
    opened(alice, alive, "a")
    closed(bob, now, "b")
    append("announcements", "for all")
    epoch = log.heads(["announcements"])["announcements"].epoch
    log.move_cursors([CursorMove(bob.pk, "b", "announcements", epoch, 1)])
    with CaptureQueriesContext(connection) as queries:
        found = reach.devices(
            {alice.pk: now, bob.pk: now, 10**9: now}, stream=lambda user_id: "announcements"
        )
    assert len(queries) == 1
    assert {user_id: [d.name for d in user.devices] for user_id, user in found.items()} == {
        alice.pk: ["a"], bob.pk: ["b"], 10**9: [],
    }  # fmt: skip
    assert found[bob.pk].applied(epoch, 1) and not found[alice.pk].applied(epoch, 0)
