"""Write a trace as text, for `manage.py trace`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from realtime.trace.report import Entry, EventTrace, UserTrace
from realtime.trace.words import CODES


def printed(trace: EventTrace | UserTrace) -> str:
    """Return a trace for a terminal."""
    lines = _of_event(trace) if isinstance(trace, EventTrace) else _of_user(trace)
    return "\n".join([*lines, *_timeline(trace.timeline)])


def entry_line(entry: Entry) -> str:
    """Return one line of what happened."""
    return f"  {entry.at}  {entry.source:<14}{entry.text}"


def _of_event(trace: EventTrace) -> Iterator[str]:
    kind = f" ({trace.type})" if trace.type else ", trimmed away"
    yield f"Event {trace.offset} of {trace.stream}{kind}: {CODES[trace.verdict]}."
    yield trace.text
    if trace.traceparent:
        yield f"Its trace elsewhere: {trace.traceparent}"
    for device in trace.devices:
        name = device.device or "a socket without a name"
        yield f"\n{name}: {CODES[device.verdict]}."
        yield f"  {device.text}"
    yield from _silent(trace.silent)


def _of_user(trace: UserTrace) -> Iterator[str]:
    state = "connected" if trace.is_online else "not connected"
    yield f"User {trace.user_id}: {state}; {trace.stream} stands at {trace.head}."
    for device in trace.devices:
        behind = f", {device.behind} behind" if device.behind else ""
        yield f"\n{device.device or 'a socket without a name'}{behind}"
        yield f"  {device.text}"
    if trace.events:
        yield "\nThe last events"
        for line in trace.events:
            yield (
                f"  {line.committed_at}  {line.offset:>8}  {line.type}: "
                f"{CODES[line.verdict]}. {line.text}"
            )
    yield from _silent(trace.silent)


def _silent(names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"\nOf sockets at {', '.join(names)} nothing is known: no answer came."


def _timeline(entries: Sequence[Entry]) -> Iterator[str]:
    yield "\nWhat happened (times in UTC)"
    yield from map(entry_line, entries)
