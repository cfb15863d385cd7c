"""Messages that are no delivery: a code, or the answer to an SMS. No ladder, no inbox, no row."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from notifications.channels.message import Content, Message, Target
from notifications.kinds import Channel


def direct(
    channel: Channel,
    to: str,
    content: Content,
    *,
    kind: str,
    user_id: int,
    now: datetime,
    life: timedelta,
) -> Message:
    """Make a message that goes to one address at once."""
    # No delivery has this number. Message-IDs are made of it, and mailboxes hide a repeated one.
    number = -secrets.randbits(48)
    return Message(
        delivery_id=number,
        notification_id=f"{kind}{number}",
        user_id=user_id,
        kind=kind,
        category=kind,
        channel=channel,
        to=Target(value=to),
        content=content,
        urgent=True,
        required=True,
        happened_at=now,
        expires_at=now + life,
    )
