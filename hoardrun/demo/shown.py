"""Turn messages that the demo's providers took into what a phone shows, newest first. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hoardrun.demo.providers.money.outcomes import BY_HAND, OUTCOMES
from notifications.channels.sms import gsm

if TYPE_CHECKING:
    from hoardrun.demo.outside import Outside

MOST = 30  # of each kind
PHONE = "+2567720000"  # before the digits that decide what becomes of a payment


def numbers() -> list[dict[str, str]]:
    """Return phone numbers with what becomes of a payment by each."""
    found = [(f"{digits:02}", outcome.title) for digits, outcome in OUTCOMES.items()]
    found.append(("24", BY_HAND.title))
    return [{"number": f"{PHONE}{digits}", "title": title} for digits, title in found]


def version(outside: Outside) -> str:
    """Return a text that changes with each message."""
    ledgers = (outside.push, outside.mail, outside.africastalking, outside.twilio)
    counts = [len(each.ledger) for each in ledgers] + [len(outside.texts)]
    return "-".join([outside.name, *map(str, counts)])


def messages(outside: Outside, at: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Return what came to these addresses, by channel."""
    return {
        "push": _newest(_pushes(outside, at)),
        "sms": _newest(_texts(outside, at)),
        "email": _newest(_mails(outside, at)),
    }


def mail(outside: Outside, name: str) -> dict[str, Any] | None:
    """Return the e-mail of that name, which is not to be guessed."""
    return next((row for row in outside.mail.ledger if _name(outside, row) == name), None)


def _pushes(outside: Outside, at: Collection[str]) -> Iterable[dict[str, Any]]:
    """Yield the notifications on the lock screen: one replaces that of the same tag."""
    by_tag: dict[str, dict[str, Any]] = {}
    for row in list(outside.push.ledger):
        if row["endpoint"] in at and row["shown"]:
            note = row["shown"]["notification"]
            data = note["data"]
            by_tag[note["tag"]] = {
                "id": data["id"], "at": row["at"], "title": note["title"], "body": note["body"],
                "lang": note["lang"], "receipt": data["receipt"],
                "actions": note.get("actions", []),
            }  # fmt: skip
    return by_tag.values()


def _texts(outside: Outside, at: Collection[str]) -> Iterable[dict[str, Any]]:
    for provider, text in ((outside.africastalking, "message"), (outside.twilio, "body")):
        for row in list(provider.ledger):
            if row["to"] in at:
                yield {
                    "id": row.get("id") or row["sid"], "at": row["at"], "text": row[text],
                    "segments": gsm.segments(row[text]), "by": type(provider).__name__,
                    "number": row["to"], "is_own": False,
                }  # fmt: skip
    for row in list(outside.texts):
        if row["number"] in at:
            yield {**row, "segments": 1, "by": "", "is_own": True}


def _mails(outside: Outside, at: Collection[str]) -> Iterable[dict[str, Any]]:
    for row in list(outside.mail.ledger):
        if set(row["to"]) & set(at):
            yield {
                "id": _name(outside, row), "at": row["at"], "subject": row["subject"],
                "sender": row["sender"], "text": row["text"], "has_html": bool(row["html"]),
            }  # fmt: skip


def _name(outside: Outside, row: dict[str, Any]) -> str:
    """Name an e-mail by what only its provider's key can make."""
    told = f"{outside.africastalking.key} {row['at']} {row['message_id']}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _newest(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    found = sorted(rows, key=lambda row: row["at"], reverse=True)[:MOST]
    return [{**row, "at": datetime.fromtimestamp(row["at"], UTC).isoformat()} for row in found]
