"""System checks of a deployment: `manage.py check --deploy`, after Django's own.

They look at the settings that are in force, from any source. Most warnings come
with `--deploy` only; an error means that something would fail while serving, and stops `serve`,
`migrate` and the other commands. `docs/production.md` lists them all.
"""

from __future__ import annotations

from hoardrun.checks import (
    channels,
    market,
    pages,
    payments,
    stores,
    switches,
    texts,
    tokens,
    variables,
    web,
)

__all__ = [
    "channels",
    "market",
    "pages",
    "payments",
    "stores",
    "switches",
    "texts",
    "tokens",
    "variables",
    "web",
]
