"""A Django process that publishes for the hoardrun contenders, as a request would.

Run as `python -m bench.peers.hoardrun_publisher` in the server's environment, and
driven as `tests.services.driven` describes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import django
import msgspec
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from bench.frames import marker
from bench.publishers import paced
from realtime.protocol.messages import Payload
from tests.services.driven import serve

django.setup()

from hoardrun.broadcasts import publish as broadcasts  # noqa: E402
from hoardrun.ledger import messages as ledger  # noqa: E402
from hoardrun.ledger import services as money  # noqa: E402
from hoardrun.ledger.journal import booking  # noqa: E402
from hoardrun.ledger.models import Account  # noqa: E402
from notifications import kinds, messages, models, services  # noqa: E402
from realtime import clock, log  # noqa: E402
from realtime.layer import send  # noqa: E402
from realtime.publish import payload_from, publish_many  # noqa: E402
from realtime.publish import publish as publish_to  # noqa: E402
from realtime.streams import ANNOUNCEMENTS, user_stream  # noqa: E402

PER_TRANSACTION = 200  # events, when what they cost does not matter
SHOWER_SECONDS = 0.01
LADDER = (
    kinds.Rung(channel="push", after=timedelta(seconds=10), unless=kinds.Reach.SEEN),
    kinds.Rung(channel="sms", after=timedelta(minutes=3), unless=kinds.Reach.ON_DEVICE),
)
SYMBOLS = 500  # more than any queue holds, so that no price replaces one that waits


def announce(number: int, moment: int) -> None:
    """Publish one durable announcement of 250 bytes, in a transaction of its own."""
    text = marker(number, moment)
    broadcasts.broadcast_system_announcement(
        {"id": str(number), "title": "Benchmark", "message": text, "published_at": None}
    )


def quote(number: int, moment: int) -> None:
    """Publish one price to all sockets in `market_data`; it has too many fields for 250 bytes."""
    symbol, text = f"B{number % SYMBOLS}", marker(number, moment)
    broadcasts.broadcast_market_update(
        {"symbol": symbol, "price": "1", "name": text, "timestamp": None}
    )


def publish(*, kind: str, count: int, rate: float | None) -> dict[str, Any]:
    """Publish and wait until the layer has all of it; answers with the CPU seconds spent."""
    one = {"announcement": announce, "market": quote}[kind]
    began = time.process_time()
    for number, moment in paced(count, rate):
        one(number, moment)
    flushed = send.sender.flush(30)
    return {"cpu": time.process_time() - began, "flushed": flushed}


def shower(*, rate: float, seconds: float) -> dict[str, Any]:
    """Publish announcements at a rate that one transaction for each could not hold.

    All that are due within SHOWER_SECONDS share one. Answers with how many there were.
    """
    began, number = time.monotonic(), 0
    while (now := time.monotonic()) < began + seconds:
        due = min(int((now - began) * rate) + 1, int(seconds * rate))
        events = []
        while number < due:
            text = marker(number, time.monotonic_ns())
            events.append((ANNOUNCEMENTS, announcement(text)))
            number += 1
        if events:
            publish_many(events)
        time.sleep(SHOWER_SECONDS)
    send.sender.flush(30)
    return {"count": number}


def save_one_by_one(*, user_id: int, count: int, gap: float) -> dict[str, Any]:
    """Save notifications of one user; answers with when each was saved and committed."""
    committed: list[int] = []
    for number in range(count):
        text = marker(number, time.monotonic_ns())
        with transaction.atomic():
            transaction.on_commit(lambda: committed.append(time.monotonic_ns()))
            models.Notification.objects.create(user_id=user_id, title="Benchmark", message=text)
        time.sleep(gap)
    return {"committed": committed}


def fill(*, user_id: int, count: int) -> dict[str, Any]:
    """Send a user more than the buffers between us and a stuck socket can hold."""
    data = {"id": "1", "title": "Filling", "message": "x" * 1000, "created_at": timezone.now()}
    return _publish_all([(user_stream(user_id), payload_from(messages.Notification, data))] * count)


def miss(*, counts: list[int]) -> dict[str, Any]:
    """Publish `counts[n]` events, numbered from 0, to the stream of user n + 1."""
    now = timezone.now()
    events = []
    for user_id, count in enumerate(counts, start=1):
        for number in range(count):
            text = marker(number, time.monotonic_ns())
            data = {"id": str(number), "title": "Missed", "message": text, "created_at": now}
            events.append((user_stream(user_id), payload_from(messages.Notification, data)))
    return _publish_all(events)


def _notification(text: str) -> Payload:
    data = {"id": "1", "title": "Own", "message": text, "created_at": timezone.now()}
    return payload_from(messages.Notification, data)


def announcement(text: str) -> Payload:
    """Make an announcement with this text."""
    data = {"id": "1", "title": "Benchmark", "message": text, "published_at": None}
    return payload_from(messages.SystemAnnouncement, data)


def balance(text: str) -> Payload:
    """Make a balance with this name."""
    data = ledger.BalanceUpdate.example["data"] | {"name": text}
    return payload_from(ledger.BalanceUpdate, data)


def own(*, first: int, users: int, count: int, rate: float | None, kind: str) -> dict[str, Any]:
    """Publish to the streams of these users in turn, each event in a transaction of its own.

    Counts follow a notification, and nothing a balance. Each stream's events are numbered from 0.
    Answers with the CPU and the wall seconds.
    """
    began, since = time.process_time(), time.monotonic()
    for number, moment in paced(count, rate):
        text = marker(number // users, moment)
        payload = _notification(text) if kind == "notification" else balance(text)
        with transaction.atomic():
            publish_to(user_stream(first + number % users), payload)
    wall = time.monotonic() - since
    flushed = send.sender.flush(30)
    return {"cpu": time.process_time() - began, "wall": wall, "flushed": flushed}


def heads(*, users: int, reads: int) -> dict[str, Any]:
    """Read the heads of the streams of users 1 to `users`, `reads` times."""
    names = [user_stream(number) for number in range(1, users + 1)]
    began = time.process_time()
    rows = sum(len(log.heads(names)) for _ in range(reads))
    return {"cpu": time.process_time() - began, "rows": rows}


def trim(*, old: bool) -> dict[str, Any]:
    """Apply retention: to a log in which nothing is due, or to one in which all events are."""
    moment = clock.now() + timedelta(days=1 if old else -1000)
    began, since = time.process_time(), time.monotonic()
    trimmed = log.trim(before=moment, keep=1_000_000)
    wall = time.monotonic() - since
    return {"cpu": time.process_time() - began, "wall": wall, "events": trimmed.events}


def _publish_all(events: Sequence[tuple[str, Payload]]) -> dict[str, Any]:

    for start in range(0, len(events), PER_TRANSACTION):
        publish_many(events[start : start + PER_TRANSACTION])
        send.sender.flush(30)
    return {}


def durable(*, kind: str, count: int) -> dict[str, Any]:
    """Save notifications in transactions of their own; answers with the CPU seconds spent.

    `published` saves as everybody does; `alone` saves the row as fixtures do, which publishes
    nothing.
    """
    began = time.process_time()
    for number in range(count):
        now = timezone.now()
        row = models.Notification(
            user_id=1 + number % 100,
            title="Benchmark",
            message="x" * 100,
            published_at=now,
            created_at=now,  # which `raw` leaves to the caller
            updated_at=now,
        )
        with transaction.atomic():
            if kind == "alone":
                Model.save_base(row, raw=True)  # Django's own, as fixtures call it
            else:
                row.save_base()
    send.sender.flush(30)
    return {"cpu": time.process_time() - began}


class Nothing(msgspec.Struct, frozen=True):
    """The values of texts that have none."""


def notify(*, kind: str, count: int) -> dict[str, Any]:
    """Create notifications of a kind with a ladder or without one; answers with what it took."""
    for name, ladder in {"quiet": (), "ladder": LADDER}.items():
        kinds.register(
            kinds.Kind(
                name=f"payment.benchmark_{name}",
                title="Benchmark",
                type="payment",
                category="payment",
                variables=Nothing,
                samples=(Nothing(),),
                ladder=ladder,
            )
        )
    began, since = time.process_time(), time.monotonic()
    for number in range(count):
        services.notification_create(
            user_id=1 + number % 100,
            title="Benchmark",
            message="x" * 100,
            kind=f"payment.benchmark_{kind}",
        )
    send.sender.flush(30)
    return {"cpu": time.process_time() - began, "wall": time.monotonic() - since}


def payments(*, users: int, count: int) -> dict[str, Any]:
    """Make payments under way, spread over an account of each of these users."""
    accounts = [_account(user_id) for user_id in range(1, users + 1)]
    made = [
        money.transaction_create(
            account_id=accounts[number % users],
            type="deposit",
            direction="inbound",
            amount="1",
            provider="mpesa",
        ).txn.pk
        for number in range(count)
    ]
    return {"payments": made}


def _account(user_id: int) -> int:
    found = Account.objects.filter(user_id=user_id).values_list("pk", flat=True).first()
    return found or money.account_open(user_id=user_id, currency="KES", opening_balance="1").pk


def settle(*, payments: list[int], is_posted: bool) -> dict[str, Any]:
    """Complete payments, as a provider's evidence does; answers with what it took."""
    book_move = booking.book_move
    if not is_posted:
        booking.book_move = lambda *arguments: None
    began, since = time.process_time(), time.monotonic()
    try:
        for pk in payments:
            money.transaction_move(txn_id=pk, to="completed")
        send.sender.flush(30)
    finally:
        booking.book_move = book_move
    return {"cpu": time.process_time() - began, "wall": time.monotonic() - since}


def bulk(*, users: int) -> dict[str, Any]:
    """Notify users 1 to `users` as `manage.py notify` does; answers with the CPU spent."""
    began, moment = time.process_time(), time.monotonic_ns()
    mailing = services.notifications_send(
        key=f"benchmark {moment}",
        title="Benchmark",
        message=marker(0, moment),
        user_ids=range(1, users + 1),
    )
    assert mailing.done == users, f"{mailing.done} of {users} users were notified"
    send.sender.flush(30)
    return {"cpu": time.process_time() - began}


if __name__ == "__main__":
    serve(
        {
            "publish": publish,
            "shower": shower,
            "save": save_one_by_one,
            "fill": fill,
            "miss": miss,
            "own": own,
            "heads": heads,
            "trim": trim,
            "durable": durable,
            "bulk": bulk,
            "notify": notify,
            "payments": payments,
            "settle": settle,
        }
    )
