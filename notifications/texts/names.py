"""The names of kinds, as people read them."""

from __future__ import annotations

from notifications.brand import brand
from notifications.texts import catalogue
from notifications.texts.render import (
    compiled,
    known_kind,
    reader_of,
)
from notifications.texts.template import fill


def kind_name(kind: str, *, locale: str = "") -> str:
    """Return what a kind is called on the page of preferences. Raises LookupError."""
    language = reader_of(locale, "", brand()).locale.language
    if found := catalogue.find(kind):
        return found.words[language].name
    common = catalogue.shared(language)
    category = known_kind(kind).category
    return fill(compiled(common.others), {"category": common.categories.get(category, category)})
