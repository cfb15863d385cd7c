"""Short texts that are no notification: names for people, and the answer to STOP."""

from __future__ import annotations

from typing import Literal

from notifications.brand import brand
from notifications.texts import catalogue
from notifications.texts.render import (
    Rendered,
    brand_values,
    compiled,
    cut,
    known_kind,
    reader_of,
)
from notifications.texts.template import fill


def render_answer(to: Literal["stop", "start"], *, locale: str = "") -> str:
    """Render the SMS that answers STOP or START."""
    of = brand()
    reader = reader_of(locale, "", of)
    common = catalogue.shared(reader.locale.language)
    text = common.stopped if to == "stop" else common.started
    found = Rendered(title="", body=fill(compiled(text), brand_values(of)))
    return cut(found, "sms", reader, of).body


def category_name(category: str, *, locale: str = "") -> str:
    """Return what a category is called for people."""
    common = catalogue.shared(reader_of(locale, "", brand()).locale.language)
    return common.categories.get(category, category)


def kind_name(kind: str, *, locale: str = "") -> str:
    """Return what a kind is called on the page of preferences. Raises LookupError."""
    language = reader_of(locale, "", brand()).locale.language
    if found := catalogue.find(kind):
        return found.words[language].name
    common = catalogue.shared(language)
    category = known_kind(kind).category
    return fill(compiled(common.others), {"category": common.categories.get(category, category)})
