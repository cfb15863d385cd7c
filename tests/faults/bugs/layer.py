"""What nodes tell each other through the channel layer."""

from __future__ import annotations

import itertools
from typing import Any

from realtime.core.records import StoredEvent
from realtime.layer.receive import LayerReceiver
from realtime.layer.send import Sender
from tests.faults.bugs.patching import bug, replace


@bug("wrong-group")
def wrong_group() -> None:
    """Address events to `user:0`, a stream without followers."""

    def make(original: Any) -> Any:
        def put(self: Any, items: Any) -> None:
            lost = (
                item._replace(stream="user:0") if isinstance(item, StoredEvent) else item
                for item in items
            )
            original(self, list(lost))

        return put

    replace(Sender, "put", make)


@bug("deaf-hub")
def deaf_hub() -> None:
    """Stop to hear after ten messages, canaries apart."""

    def make(original: Any) -> Any:
        def __init__(self: Any, node_id: str, hear: Any, missed: Any) -> None:
            heard = itertools.count(1)
            original(self, node_id, lambda message: next(heard) <= 10 and hear(message), missed)

        return __init__

    replace(LayerReceiver, "__init__", make)
