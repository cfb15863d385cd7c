"""Build the content of a push message, for browsers and for apps. Pure.

Browsers get declarative JSON, which some show without our worker; the worker reads the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec
from msgspec.structs import replace

from notifications.channels.message import Action, Content, Message

DECLARATIVE = 8030  # says that the JSON is a declarative push message
STEP = 256  # the length of an encrypted payload tells nothing finer: amounts have lengths
MAX_WEB = 11 * STEP  # well within the one record that push services take
MAX_APP = 4096  # of FCM and APNs
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ELLIPSIS = "…"


def topic(message: Message) -> str:
    """Name what a repetition replaces: 22 letters and digits, all that Mozilla's service takes."""
    number = int.from_bytes(hashlib.sha256(message.notification_id.encode()).digest()[:16])
    letters = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        letters = _DIGITS[digit] + letters
    return letters


def declarative(message: Message, origin: str) -> dict[str, Any]:
    """Build the JSON for browsers. The place to go to is always one of our own origin."""
    shown: dict[str, Any] = {
        "title": message.content.title,
        "body": message.content.body,
        "navigate": origin + own_path(message.content.url),
        "lang": message.content.locale.replace("_", "-"),
        "tag": message.notification_id,
        "renotify": message.urgent,
        "timestamp": int(message.happened_at.timestamp() * 1000),
        "data": data(message),
    }
    if message.content.actions:
        shown["actions"] = [
            {"action": one.name, "title": one.title, "navigate": origin + answering(message, one)}
            for one in message.content.actions
        ]
    found: dict[str, Any] = {"web_push": DECLARATIVE, "notification": shown, "mutable": True}
    if message.unread is not None:
        shown["app_badge"] = str(message.unread)  # where and how WebKit reads it
        found["app_badge"] = message.unread  # where and how the W3C's draft has it
    return found


def data(message: Message) -> dict[str, str]:
    """Return what a worker or an app needs beside the text; all of it is text."""
    return {
        "id": message.notification_id,
        "kind": message.kind,
        "category": message.category,
        "user": str(message.user_id),
        "url": own_path(message.content.url),
        "receipt": message.receipt_token,
    }


def for_app(message: Message) -> dict[str, str]:
    """Return the same for an app, which makes its buttons itself: `actions`, as JSON."""
    actions = message.content.actions
    if not actions:
        return data(message)
    return data(message) | {"actions": msgspec.json.encode(actions).decode()}


def answering(message: Message, action: Action) -> str:
    """Return the path where the app confirms what a button says."""
    place = urlsplit(own_path(message.content.url))
    said = urlencode({"notification": message.notification_id, "action": action.name})
    query = f"{place.query}&{said}" if place.query else said
    return urlunsplit(place._replace(query=query))


def own_path(url: str) -> str:
    """Return a path of our own origin; `/` for anything else."""
    is_path = url.startswith("/") and not url.startswith("//") and "\\" not in url
    return url if is_path and ".." not in url.split("/") else "/"


def padded(payload: dict[str, Any]) -> bytes:
    """Encode JSON, with blanks behind it up to a multiple of STEP."""
    text = msgspec.json.encode(payload)
    return text.ljust(-(-len(text) // STEP) * STEP)


def shortened(content: Content, surplus: int) -> Content:
    """Take `surplus` bytes or more from the text: the body's end, then the title's."""
    body, left = _shorter(content.body, surplus)
    title, _ = _shorter(content.title, left) if left > 0 else (content.title, 0)
    return replace(content, title=title, body=body)


def _shorter(text: str, surplus: int) -> tuple[str, int]:
    """Return a text with fewer bytes, and how many are still to be taken from elsewhere."""
    whole = len(text.encode())
    room = max(whole - surplus - len(_ELLIPSIS.encode()), 0)
    cut = text.encode()[:room].decode(errors="ignore").rstrip()
    cut = cut + _ELLIPSIS if cut else ""
    return cut, surplus - (whole - len(cut.encode()))


def fitted(message: Message, build: Callable[[Message], bytes], limit: int) -> bytes:
    """Encode what `build` makes of a message, with as much of the text as the limit allows."""
    encoded = build(message)
    while len(encoded) > limit and (message.content.body or message.content.title):
        surplus = len(encoded) - limit
        message = replace(message, content=shortened(message.content, surplus))
        encoded = build(message)
    return encoded
