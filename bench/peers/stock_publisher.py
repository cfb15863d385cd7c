"""A Django process that publishes for the stock Channels contenders, as a view would.

Run as `python -m bench.peers.stock_publisher` in the server's environment, and
driven as `tests.services.driven` describes.
"""

from __future__ import annotations

import json
import time
from typing import Any

import django
from django.db.models.signals import post_save

from bench.frames import marker
from bench.publishers import message, paced
from tests.services.driven import serve


def broadcast(number: int, moment: int) -> None:
    """Send one message to the group that all sockets are in."""
    from asgiref.sync import async_to_sync
    from channels.layers import get_channel_layer

    event = {"type": "push", "content": json.loads(message(number, moment))}
    layer: Any = get_channel_layer()
    async_to_sync(layer.group_send)("announcements", event)


def publish(*, count: int, rate: float | None) -> dict[str, Any]:
    """Publish; answers with the CPU seconds spent."""
    began = time.process_time()
    for number, moment in paced(count, rate):
        broadcast(number, moment)
    return {"cpu": time.process_time() - began}


committed: list[int] = []


def _note(**kwargs: Any) -> None:
    committed.append(time.monotonic_ns())


def _notifications() -> Any:
    from bench.peers.stock import models

    model: Any = models.Notification
    return model.objects


def save_one_by_one(*, user_id: int, count: int, gap: float) -> dict[str, Any]:
    """Save notifications of one user; answers with when each was committed.

    That is when the signal comes, just before the receiver that pushes.
    """
    manager = _notifications()
    committed.clear()
    for number in range(count):
        text = marker(number, time.monotonic_ns())
        manager.create(user_id=user_id, title="Benchmark", message=text)
        time.sleep(gap)
    return {"committed": committed}


def bulk(*, users: int) -> dict[str, Any]:
    """Notify many users, one after the other: that is what sends the signal."""
    manager = _notifications()
    began = time.process_time()
    text = marker(0, time.monotonic_ns())
    for user_id in range(1, users + 1):
        manager.create(user_id=user_id, title="Benchmark", message=text)
    return {"cpu": time.process_time() - began}


if __name__ == "__main__":
    # Before the app connects its own receiver: receivers are called in that order.
    post_save.connect(_note, sender="stock.Notification", weak=False)
    django.setup()
    serve({"publish": publish, "save": save_one_by_one, "bulk": bulk})
