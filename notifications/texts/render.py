"""Render the texts of one notification for one reader and one channel.

Called where a notification is created and where it is delivered. It reads no row, and neither the
language nor the zone of the thread: two users with two languages never mix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from notifications import kinds, languages
from notifications.brand import Brand, brand
from notifications.channels.message import Action, Content
from notifications.channels.sms import gsm
from notifications.kinds import Kind
from notifications.kinds.values import General, from_context
from notifications.texts import catalogue, email
from notifications.texts.catalogue import GENERAL, KindTexts, Shared, Text, Words
from notifications.texts.formats import Style, shortened
from notifications.texts.template import Template, fill, parse
from notifications.texts.values import Reader, written
from notifications.validation import MESSAGE_LENGTH, TITLE_LENGTH

TextChannel = Literal["in_app", "push", "sms", "email"]
TEXT_CHANNELS: tuple[TextChannel, ...] = ("in_app", "push", "sms", "email")
STYLES: dict[str, Style] = {"in_app": "full", "push": "short", "sms": "sms", "email": "full"}

PUSH_TITLE, PUSH_BODY = 50, 120  # characters that a lock screen shows
SUBJECT = 120
SMS_SEGMENTS = 3  # at most, also of a sender's own text
_PARAGRAPHS = re.compile(r"\n\s*\n")  # one whose values are all missing leaves nothing


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """A title and a text before they are cut to what a channel takes."""

    title: str
    body: str
    url: str = "/"
    actions: tuple[Action, ...] = ()


def reader_of(locale: str, zone: str, of: Brand) -> Reader:
    """Return the reader of a user's texts; the deployment says what the user has not chosen."""
    return Reader(
        locale=languages.choose(locale, of.locale),
        zone=ZoneInfo(zone or of.zone),
        home=ZoneInfo(of.zone),
    )


def render(
    kind: str,
    channel: TextChannel,
    context: msgspec.Struct | Mapping[str, Any],
    *,
    locale: str = "",
    zone: str = "",
    hide_amounts: bool = False,
    unsubscribe: str = "",
    address: str = "",
) -> Content:
    """Render the texts of a kind for a channel, cut to its limits.

    `context` holds the kind's variables, or is what a notification has stored of them. An e-mail
    takes the address that unsubscribes, and `address`, the public address of the deployment, for
    its button. Raises LookupError for an unknown kind, msgspec.ValidationError for another context.
    """
    known = known_kind(kind)
    values = values_of(known, context)
    of = brand()
    reader = reader_of(locale, zone, of)
    found = uncut(known, channel, values, reader, of, hide_amounts=hide_amounts)
    return cut(found, channel, reader, of, unsubscribe=unsubscribe, address=address)


def version(kind: str, locale: str = "") -> str:
    """Return a hash of the texts that `render` takes: a delivery keeps it."""
    return catalogue.version(kind, languages.choose(locale, brand().locale).language)


def known_kind(name: str) -> Kind:
    """Return a kind. Raises LookupError."""
    if (found := kinds.find(name)) is None:
        raise LookupError(f"there is no kind {name!r}")
    return found


def values_of(kind: Kind, context: msgspec.Struct | Mapping[str, Any]) -> msgspec.Struct:
    """Return the variables of a kind. Raises msgspec.ValidationError for what does not suit."""
    return context if isinstance(context, kind.variables) else from_context(kind.variables, context)


def texts_of(kind: Kind) -> KindTexts:
    """Return the texts of a kind. Raises LookupError where it has none."""
    if found := catalogue.find(kind.name):
        return found
    if issubclass(kind.variables, General):
        return KindTexts(words=dict.fromkeys(languages.CODES, GENERAL))
    raise LookupError(f"{kind.name} has no texts")


def uncut(
    kind: Kind,
    channel: TextChannel,
    values: msgspec.Struct,
    reader: Reader,
    of: Brand,
    *,
    hide_amounts: bool = False,
) -> Rendered:
    """Fill the texts of a kind in. A lock screen gets neutral ones of what must not be there."""
    texts = texts_of(kind)
    words = texts.words[reader.locale.language]
    common = catalogue.shared(reader.locale.language)
    named = _actions(kind, words, common) if channel == "push" else ()
    filled = written(values, reader, STYLES[channel]) | brand_values(of)
    url = fill(compiled(texts.url), filled)
    if channel == "push" and kind.privacy == "secret":
        title = common.categories.get(kind.category, of.name)
        if kind.type == "security":
            title = common.secret_title
        return Rendered(title=title, body=common.secret_push, url=url, actions=named)
    count = getattr(values, "count", None)
    title = fill(compiled(form(words.title, count, reader)), filled)
    if channel == "push" and kind.privacy == "amount" and hide_amounts:
        return Rendered(title=title, body=common.hidden_push, url=url, actions=named)
    body = fill(compiled(form(_of_channel(words, channel), count, reader)), filled)
    body = _PARAGRAPHS.sub("\n\n", body.strip())
    return Rendered(title=title, body=body, url=url, actions=named)


def cut(
    found: Rendered,
    channel: TextChannel,
    reader: Reader,
    of: Brand,
    *,
    unsubscribe: str = "",
    address: str = "",
) -> Content:
    """Bring a text into the form and the limits of a channel."""
    title, body, html = found.title, found.body, ""
    locale = str(reader.locale).replace("_", "-")
    if channel == "in_app":
        title, body = shortened(title, TITLE_LENGTH), shortened(body, MESSAGE_LENGTH)
    elif channel == "push":
        title, body = shortened(title, PUSH_TITLE), shortened(body, PUSH_BODY)
    elif channel == "sms":
        title, body = "", fitting(gsm.replace(body))
    else:
        title = shortened(" ".join(title.split()), SUBJECT)
        page = email.Page(
            brand=of,
            common=catalogue.shared(reader.locale.language),
            locale=locale,
            title=title,
            text=body,
            address=f"{address}{found.url}" if address else "",
            unsubscribe=unsubscribe,
        )
        body, html = email.plain(page), email.html(page)
    return Content(
        title=title, body=body, html=html, locale=locale, url=found.url, actions=found.actions
    )


def fitting(text: str) -> str:
    """Cut an SMS at SMS_SEGMENTS. Only what a sender has written can be as long."""
    length = len(text)
    while gsm.segments(text) > SMS_SEGMENTS:
        length -= 10
        text = gsm.replace(shortened(text, length))
    return text


def form(text: Text, count: int | None, reader: Reader) -> str:
    """Choose the form of a text for a number, by the rule of the language."""
    if isinstance(text, str):
        return text
    return text.get(reader.locale.plural_form(count or 0), text["other"])


def brand_values(of: Brand) -> dict[str, str]:
    """Return the values that every text may use beside the variables of its kind."""
    return {"brand": of.name, "support": of.support}


@lru_cache(maxsize=2000)
def compiled(text: str) -> Template:
    """Read a text once."""
    return parse(text)


def action_title(name: str, words: Words, common: Shared) -> str:
    """Return the name of a button; "" where nobody has written it."""
    return words.actions.get(name, "") or common.actions.get(name, "")


def _actions(kind: Kind, words: Words, common: Shared) -> tuple[Action, ...]:
    return tuple(Action(name, action_title(name, words, common)) for name in kind.actions)


def _of_channel(words: Words, channel: TextChannel) -> Text:
    own = {"in_app": words.message, "push": words.push, "sms": words.sms, "email": words.email}
    return own[channel] or words.message
