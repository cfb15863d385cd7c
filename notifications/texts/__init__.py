"""The texts of notifications: one file a kind, with all languages and channels.

    content = texts.render(kind, "sms", context, locale="sw-KE", zone="Africa/Nairobi")
    content.title, content.body, content.html, content.locale, content.url

`catalogue.register(folder)` adds the texts of an app's kinds: `<folder>/<kind>.toml`. Kinds whose
variables are `notifications.kinds.values.General` need no file: the sender writes their texts.
Nothing here reads the language or the zone of the thread: both are arguments.
"""

from __future__ import annotations

from notifications.texts.digest import Item, digest_version, render_digest
from notifications.texts.names import category_name, kind_name
from notifications.texts.render import (
    TEXT_CHANNELS,
    TextChannel,
    render,
    version,
)

__all__ = [
    "TEXT_CHANNELS",
    "Item",
    "TextChannel",
    "category_name",
    "digest_version",
    "kind_name",
    "render",
    "render_digest",
    "version",
]
