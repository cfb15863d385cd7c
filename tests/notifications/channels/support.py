"""Messages and options for tests of the channels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from notifications.channels.message import Content, Message, Target
from notifications.channels.options import ChannelOptions
from realtime.outgoing import Client, Rules

# Servers on loopback may be called, as under DEBUG.
LOCAL = Rules(loopback=True)


_clients: list[Client] = []


def client() -> Client:
    """Return the HTTP client of this test, which its end closes."""
    if not _clients:
        _clients.append(Client(rules=LOCAL))
    return _clients[0]


def close_clients() -> None:
    while _clients:
        _clients.pop().close()


def options(**given: Any) -> ChannelOptions:
    return ChannelOptions(**{"public_base_url": "https://api.acme.example", **given})


def message(channel: str, to: str, **more: Any) -> Message:
    """Make a message that is good for an hour; `body`, `title`, … change its texts."""
    now = datetime.now(UTC)
    named = ("title", "body", "html", "url", "actions")
    texts = {name: more.pop(name) for name in named if name in more}
    target = Target(value=to, service=more.pop("service", ""), keys=more.pop("keys", {}))
    content = Content(title="Payment", body="KES 250 to Mama Mboga.", locale="en", url="/a/17")
    return Message(
        **{
            "delivery_id": 4711,
            "notification_id": "88",
            "user_id": 17,
            "kind": "transaction.debit",
            "category": "transaction",
            "channel": channel,
            "to": target,
            "content": replace(content, **texts),
            "urgent": True,
            "required": False,
            "happened_at": now - timedelta(seconds=10),
            "expires_at": now + timedelta(hours=1),
            "receipt_token": "4711:signed",
            **more,
        }
    )
