"""The messages of nodes to each other through the channel layer."""

from __future__ import annotations

import itertools
from typing import Any

from realtime.core.records import StoredEvent
from realtime.layer.receive import LayerReceiver
from realtime.layer.send import Sender
from tests.faults.bugs.patching import changes


@changes("wrong-group", "put", Sender)
def wrong_group(original: Any, self: Any, items: Any) -> None:
    """Address events to `user:0`, a stream without followers."""
    lost = (
        item._replace(stream="user:0") if isinstance(item, StoredEvent) else item for item in items
    )
    original(self, list(lost))


@changes("deaf-hub", "__init__", LayerReceiver)
def deaf_hub(original: Any, self: Any, node_id: str, hear: Any, missed: Any) -> None:
    """Stop receiving after ten messages, canaries apart."""
    heard = itertools.count(1)
    original(self, node_id, lambda message: next(heard) <= 10 and hear(message), missed)
