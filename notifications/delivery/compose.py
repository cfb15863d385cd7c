"""Make the message of a delivery: its texts in its reader's language, and what a channel needs.

Each attempt makes the same one, so that a repetition is invisible. No query here: it runs on the
threads that make the calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifications import texts
from notifications.channels.message import Content, Message, Target
from notifications.channels.options import options
from notifications.delivery.judge import PRIORITIES
from notifications.delivery.people import Person
from notifications.delivery.states import channel_of
from notifications.hooks.tokens import receipt_token, unsubscribe_url
from notifications.kinds import Channel
from notifications.models import Delivery

WEB_PUSH = "web"
URGENT_FROM = PRIORITIES["high"]


@dataclass(frozen=True, slots=True)
class Composed:
    """A message, and what its delivery keeps of its texts."""

    message: Message
    template_version: str


def compose(
    row: Delivery,
    to: Target,
    person: Person,
    *,
    happened_at: datetime | None = None,
    unread: int | None = None,
    attempted_at: datetime | None = None,
) -> Composed:
    """Make the message of a delivery. Raises what the texts raise for a broken context.

    `happened_at` is the time of the event; without one, it is the delivery that happened. A look-up
    takes the same message, with when its call began.
    """
    channel = channel_of(row)
    content, version = _content(row, to, person, channel)
    message = Message(
        delivery_id=row.pk,
        notification_id=source_of(row),
        user_id=row.user_id,
        kind=row.kind,
        category=row.category,
        channel=channel,
        to=to,
        content=content,
        urgent=row.priority >= URGENT_FROM,
        required=row.required,
        happened_at=happened_at or row.created_at,
        expires_at=row.expires_at,
        is_digest=row.digest_id is not None,
        unread=unread,
        receipt_token=receipt_token(row.pk),
        thread=_thread(row.context),
        attempt=row.attempts,
        attempted_at=attempted_at,
    )
    return Composed(message, version)


def target_of(row: Delivery) -> Target:
    """Return the address of a delivery as channels take it."""
    address = row.address
    assert address is not None, "the last look lets go only what has an address"
    return Target(
        value=address.value, service=address.service, keys=address.keys or {}, device=address.device
    )


def source_of(row: Delivery) -> str:
    """Return the id of what a delivery carries, which tags and topics are made of."""
    if row.notification_id is not None:
        return str(row.notification_id)
    if row.digest_id is not None:
        return f"digest-{row.digest_id}"
    return f"announcement-{row.announcement_id}"


def _content(row: Delivery, to: Target, person: Person, channel: Channel) -> tuple[Content, str]:
    chosen = person.chosen
    hides = chosen.hide_amounts
    if hides is None:
        hides = to.service == WEB_PUSH  # browsers are shared more often than phones
    # A repetition is in the language of the first attempt, even if the user has changed it.
    locale = row.locale or chosen.locale or (row.address.locale if row.address else "")
    unsubscribe = ""
    if channel == "email" and not row.required:
        unsubscribe = unsubscribe_url(row.user_id, row.category)
    more: dict[str, Any] = {
        "locale": locale,
        "zone": chosen.zone,
        "hide_amounts": hides,
        "unsubscribe": unsubscribe,
        "address": options().public_base_url,
    }
    context: Any = row.context
    if row.digest_id is None:
        content = texts.render(row.kind, channel, context, **more)
        return content, texts.version(row.kind, locale)
    items = [texts.Item(kind=item["kind"], context=item["context"]) for item in context["items"]]
    content = texts.render_digest(row.category, channel, items, total=context["total"], **more)
    return content, texts.digest_version(items, locale)


def _thread(context: Any) -> str:
    """Return what messages of one matter share: the reference of its transaction."""
    reference = context.get("reference") if isinstance(context, dict) else None
    return f"transaction-{reference}" if reference else ""
