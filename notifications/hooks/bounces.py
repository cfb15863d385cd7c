"""Bounces of e-mails by plain SMTP: a mail from a server on the way, to a signed address of ours.

The address names the delivery. What happened is said in the part `message/delivery-status`
(RFC 3464); a mail without one, such as an absence notice, says nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from email import message_from_bytes, policy
from email.message import Message

from notifications.channels.email import replies
from notifications.channels.email.smtp import Smtp
from notifications.channels.message import Verdict
from notifications.delivery.receipts import Fact, Heard
from notifications.hooks import tokens

MAX_BYTES = 1024 * 1024
# The headers in which servers name the address that a mail was for, the surest first.
_FOR = ("X-Original-To", "Delivered-To", "Envelope-To", "To")
_FACTS: dict[str, Fact] = {"failed": "bounced", "delivered": "delivered", "relayed": "accepted"}
# The answer that stands for a class of RFC 3463 where only the enhanced code is known.
_REFUSED = 550


def read(raw: bytes, to: str = "") -> Heard | None:
    """Return what a bounce says; None for a mail that is none, or to no address of ours.

    `to` is the address that the mail server had it for, if it says so.
    """
    mail: Message = message_from_bytes(raw[:MAX_BYTES], policy=policy.compat32)
    named = (tokens.bounced_delivery(each) for each in _addresses(mail, to))
    delivery_id = next((found for found in named if found is not None), None)
    report = _report(mail)
    if delivery_id is None or report is None:
        return None
    action = str(report.get("Action", "")).strip().lower()
    fact = _FACTS.get(action)
    if fact is None:  # delayed: the server goes on trying
        return None
    said = replies.read(_REFUSED, str(report.get("Status", "")))
    verdict: Verdict = ""
    if fact == "bounced":
        verdict = replies.meaning(said, "data").verdict
        if not verdict and said.enhanced.startswith("4."):
            verdict = "rejected"  # nobody took it for days
    return Heard(
        provider=Smtp.name,
        event_key=hashlib.sha256(raw).hexdigest(),
        fact=fact,
        delivery_id=delivery_id,
        code=said.enhanced or action,
        verdict=verdict,
    )


def _addresses(mail: Message, to: str) -> Iterable[str]:
    yield to
    for name in _FOR:
        for value in mail.get_all(name, []):
            yield str(value)


def _report(mail: Message) -> Message | None:
    """Return the fields of the first recipient of a report; those of the message come before."""
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            fields = part.get_payload()
            blocks = fields if isinstance(fields, list) else []
            return next((one for one in blocks if isinstance(one, Message) and one["Action"]), None)
    return None
