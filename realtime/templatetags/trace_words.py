"""Words of a trace for its templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from realtime.core.notes import Note
from realtime.trace.fate import What
from realtime.trace.words import FATES, NOTES

register = template.Library()

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@register.filter
def of_code(words: Mapping[Any, str], code: str) -> str:
    """Return what a code is called, as the beginning of a sentence."""
    text = words[code]
    return f"{text[0].upper()}{text[1:]}"


@register.filter
def in_words(said: What | Note | None) -> str:
    """Return what became of an event on a socket, or what happened to the socket, in words."""
    if isinstance(said, Note):
        return NOTES[said.kind].format(
            before=said.before, to=said.to, reason=said.reason, types=", ".join(said.types) or "all"
        )
    return "" if said is None else FATES[said]


@register.filter
def backquoted(text: str) -> SafeString:
    """Write what stands in backquotes as code."""
    shown = (
        (format_html("<code>{}</code>", part) if number % 2 else part,)
        for number, part in enumerate(text.split("`"))
    )
    return format_html_join("", "{}", shown)


@register.filter
def timed(text: str) -> SafeString:
    """Keep each moment of a sentence on one line."""
    return mark_safe(_MOMENT.sub(r'<span class="trace-at">\g<0></span>', escape(text)))
