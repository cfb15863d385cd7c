"""The kinds as a table for people, in the documentation and on the screen. No I/O here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta

from notifications.kinds.kind import CHANNELS, Channel, Kind, Reach, Rung

HEADER = ("kind", "what it is", *CHANNELS)
REQUIRED = "required"
_TABLE = re.compile(r"^\| kind \|(?:.*\n\|)*.*\n", re.MULTILINE)
_REACHED = {
    Reach.ACCEPTED: "accepted",
    Reach.MAILBOX: "in a mailbox",
    Reach.ON_DEVICE: "on a device",
    Reach.SEEN: "seen",
    Reach.ACTED: "read",
}
_PRIVACY = {
    "public": "texts leave as they are",
    "amount": "an amount, never a balance",
    "secret": "the lock screen says nothing of it",
}


def rows(kinds: Iterable[Kind]) -> Iterator[tuple[str, ...]]:
    """Yield a row of HEADER for each kind."""
    for kind in kinds:
        yield (kind.name, kind.title, *(_cell(kind, channel) for channel in CHANNELS))


def markdown(kinds: Iterable[Kind]) -> str:
    """Write the table."""
    lines = [HEADER, tuple("---" for _ in HEADER), *rows(kinds)]
    lines[2:] = [(f"`{name}`", *rest) for name, *rest in lines[2:]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def with_table(page: str, kinds: Iterable[Kind]) -> str:
    """Return a page with its table written anew."""
    return _TABLE.sub(lambda _: markdown(kinds), page)


def words(kind: Kind, channel: Channel) -> tuple[str, ...]:
    """Say when a kind goes by a channel; nothing if it never does."""
    rung = next((rung for rung in kind.ladder if rung.channel == channel), None)
    return () if rung is None else tuple(_words(kind, rung))


def traits(kind: Kind) -> Iterator[str]:
    """Say what else holds for a kind, by all channels."""
    yield _PRIVACY[kind.privacy]
    yield f"nothing is sent after {_lifetime(kind.lives_for)}"
    if kind.opt_in:
        yield "only with consent"
    if kind.digestible:
        yield "may join a digest"
    if kind.ignores_quiet_hours:
        yield "also in quiet hours"
    if kind.ignores_caps:
        yield "not limited in number"
    elif kind.per_day is not None:
        yield f"at most {kind.per_day} a day"
    if kind.to_former_address:
        yield "also to the address that was replaced"


def _cell(kind: Kind, channel: Channel) -> str:
    found = [f"**{word}**" if word == REQUIRED else word for word in words(kind, channel)]
    return ", ".join(found) or "–"


def _words(kind: Kind, rung: Rung) -> Iterator[str]:
    if rung.required:
        yield REQUIRED
    elif kind.opt_in:
        yield "with consent"
    elif not rung.chosen:
        yield "by choice"
    yield ("at once" if not rung.after else f"after {_duration(rung.after)}") + (
        f" unless {_REACHED[rung.unless]}" if rung.unless else ""
    )
    if rung.at_once_if_away:
        yield "at once if nobody is there"
    if rung.required_above:
        yield "always from the user's amount on"
    if rung.digest:
        yield "in the digest"
    if rung.hours is not None:
        yield f"from {rung.hours[0]} to {rung.hours[1]}"


def _duration(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"


def _lifetime(time: timedelta) -> str:
    hours = int(time.total_seconds()) // 3600
    if not hours:
        return _duration(time)
    days = hours // 24
    if hours % 24:
        return f"{hours} hours"
    return "a day" if days == 1 else f"{days} days"
