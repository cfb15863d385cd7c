"""Render what waits in a digest as one message."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from notifications.brand import brand
from notifications.channels.message import Content
from notifications.texts import catalogue
from notifications.texts.render import (
    Rendered,
    TextChannel,
    brand_values,
    compiled,
    cut,
    form,
    known_kind,
    reader_of,
    uncut,
    values_of,
)
from notifications.texts.template import fill

SHOWN = 10  # the others are counted


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One notification of a digest."""

    kind: str
    context: msgspec.Struct | Mapping[str, Any]


def digest_version(items: Sequence[Item], locale: str = "") -> str:
    """Return a hash of the texts that `render_digest` takes: a delivery keeps it."""
    language = reader_of(locale, "", brand()).locale.language
    kinds = sorted({item.kind for item in items[:SHOWN]})
    parts = [[kind, catalogue.version(kind, language)] for kind in kinds]
    parts.append(["", catalogue.version("", language)])  # what all kinds share
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:12]


def render_digest(
    category: str,
    channel: TextChannel,
    items: Sequence[Item],
    *,
    total: int | None = None,
    locale: str = "",
    zone: str = "",
    hide_amounts: bool = False,
    unsubscribe: str = "",
    address: str = "",
) -> Content:
    """Render a digest: the first SHOWN items, and how many more there are of `total`.

    An e-mail has the message of each; a lock screen and an SMS have their titles only.
    """
    of = brand()
    reader = reader_of(locale, zone, of)
    common = catalogue.shared(reader.locale.language)
    count = len(items) if total is None else total
    values = {"category": common.categories.get(category, category), "count": str(count)}
    lines = []
    for item in items[:SHOWN]:
        kind = known_kind(item.kind)
        as_shown: TextChannel = "in_app" if channel == "email" else "push"
        own = values_of(kind, item.context)
        found = uncut(kind, as_shown, own, reader, of, hide_amounts=hide_amounts)
        if channel == "email":
            shown = {"title": found.title, "message": found.body}
            lines.append(fill(compiled(common.line), shown))
        elif found.title not in lines:
            lines.append(found.title)
    if count > SHOWN:
        left = count - SHOWN
        more = compiled(form(common.more, left, reader))
        lines.append(fill(more, {"count": str(left)}))
    words = common.digest
    between = "\n\n" if channel == "email" else ", "
    text = {"email": words.email, "sms": words.sms}.get(channel, words.push)
    values |= brand_values(of) | {"items": between.join(lines)}
    found = Rendered(
        title=fill(compiled(form(words.title, count, reader)), values),
        body=fill(compiled(form(text, count, reader)), values),
        url="/notifications",
    )
    return cut(found, channel, reader, of, unsubscribe=unsubscribe, address=address)
