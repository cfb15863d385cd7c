"""Check that a kind is complete when it is registered: the start refuses one that is not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import time

from notifications.kinds.kind import CHANNELS, Channel, Kind, Rung

# The channels that no deployment may take away, by type.
ALWAYS_BY: Mapping[str, frozenset[Channel]] = {
    "security": frozenset(CHANNELS),
    "kyc": frozenset({"email"}),
    "account": frozenset({"email"}),
}
NAME_LENGTH = 50
MAX_ACTIONS = 2  # browsers show no more
IS_ACTION = re.compile(r"[a-z][a-z0-9_]{0,29}")
CATEGORY_LENGTH = 30


class IncompleteKind(ValueError):
    """A kind lacks something, or contradicts itself; the message lists all of it."""


def check(kind: Kind) -> None:
    """Raise IncompleteKind for a kind that cannot be used."""
    if found := [*_of_kind(kind), *_of_ladder(kind)]:
        raise IncompleteKind(f"The kind {kind.name!r} {'; '.join(found)}.")


def _of_kind(kind: Kind) -> Iterator[str]:
    prefix, _, word = kind.name.partition(".")
    if prefix != kind.type or not word or len(kind.name) > NAME_LENGTH:
        yield f"must be called `{kind.type}.<word>`, within {NAME_LENGTH} letters"
    if not kind.title:
        yield "has no title for the settings page"
    if not kind.category or len(kind.category) > CATEGORY_LENGTH:
        yield f"needs a category within {CATEGORY_LENGTH} letters"
    if not getattr(getattr(kind.variables, "__struct_config__", None), "frozen", False):
        yield "needs a frozen struct as its variables"
    if not kind.samples:
        yield "has no sample of its variables"
    if any(type(sample) is not kind.variables for sample in kind.samples):
        yield "has a sample that is not of its variables"
    if kind.lives_for.total_seconds() <= 0:
        yield "must live for some time"
    yield from _of_actions(kind)
    if kind.per_day is not None and kind.per_day < 1:
        yield "may be sent less than once a day"


def _of_actions(kind: Kind) -> Iterator[str]:
    if len(set(kind.actions)) < len(kind.actions) or len(kind.actions) > MAX_ACTIONS:
        yield f"has an action twice, or more than {MAX_ACTIONS}"
    if any(IS_ACTION.fullmatch(name) is None for name in kind.actions):
        yield "has an action that is not called such as `was_me`"
    if kind.actions and all(rung.channel != "push" for rung in kind.ladder):
        yield "has actions, which only push shows"


def _of_ladder(kind: Kind) -> Iterator[str]:
    if missing := ALWAYS_BY.get(kind.type, frozenset()) - kind.required_channels:
        yield f"must be required by {', '.join(sorted(missing))}, as all of {kind.type}"
    if len({rung.channel for rung in kind.ladder}) < len(kind.ladder):
        yield "has two rungs of one channel"
    for rung in kind.ladder:
        for text in _of_rung(kind, rung):
            yield f"{text} ({rung.channel})"


def _of_rung(kind: Kind, rung: Rung) -> Iterator[str]:
    if rung.channel not in CHANNELS:
        yield f"has a channel that is none of {', '.join(CHANNELS)}"
    if not 0 <= rung.after.total_seconds() < kind.lives_for.total_seconds():
        yield "has a rung that is never due within its life"
    if rung.required and (kind.opt_in or not rung.chosen):
        yield "has a rung that is required and depends on a choice"
    if rung.digest and (rung.required or rung.required_above or not kind.digestible):
        yield "has a rung for the digest that cannot wait"
    if rung.hours is not None and not _are_hours(rung.hours):
        yield "has hours that are no two times such as 08:00 and 20:00"


def _are_hours(hours: tuple[str, str]) -> bool:
    try:
        start, end = map(time.fromisoformat, hours)
    except ValueError:
        return False
    return start < end
