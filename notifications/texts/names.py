"""The names of kinds and categories, as people read them."""

from __future__ import annotations

from notifications.brand import brand
from notifications.texts import catalogue
from notifications.texts.render import (
    compiled,
    known_kind,
    reader_of,
)
from notifications.texts.template import fill


def category_name(category: str, *, locale: str = "") -> str:
    """Return what a category is called; its own name where there is no text."""
    language = reader_of(locale, "", brand()).locale.language
    return catalogue.shared(language).categories.get(category, category)


def kind_name(kind: str, *, locale: str = "") -> str:
    """Return what a kind is called on the page of preferences. Raises LookupError."""
    language = reader_of(locale, "", brand()).locale.language
    if found := catalogue.find(kind):
        return found.words[language].name
    category = category_name(known_kind(kind).category, locale=locale)
    return fill(compiled(catalogue.shared(language).others), {"category": category})
