"""The kinds as a table for people, in the documentation and on the screen. No I/O here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta

from notifications.kinds.kind import CHANNELS, Channel, Kind, Reach, Rung

HEADER = ("kind", "what it is", *CHANNELS)
_TABLE = re.compile(r"^\| kind \|(?:.*\n\|)*.*\n", re.MULTILINE)
_REACHED = {
    Reach.ACCEPTED: "accepted",
    Reach.MAILBOX: "in a mailbox",
    Reach.ON_DEVICE: "on a device",
    Reach.SEEN: "seen",
    Reach.ACTED: "read",
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


def _cell(kind: Kind, channel: Channel) -> str:
    rung = next((rung for rung in kind.ladder if rung.channel == channel), None)
    return "–" if rung is None else ", ".join(_words(kind, rung))


def _words(kind: Kind, rung: Rung) -> Iterator[str]:
    if rung.required:
        yield "**required**"
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
