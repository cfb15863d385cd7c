"""Write a trace as text, for `manage.py why`. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from notifications.trace.report import Trace

if TYPE_CHECKING:
    from notifications.trace.announcements import AnnouncementTrace


def printed(trace: Trace) -> str:
    """Return a trace for a terminal."""
    return "\n".join(_lines(trace))


def printed_announcement(trace: AnnouncementTrace) -> str:
    """Return the trace of an announcement for a terminal."""
    return "\n".join(_of_announcement(trace))


def _of_announcement(trace: AnnouncementTrace) -> Iterator[str]:
    yield f"Announcement {trace.announcement_id}: {trace.standing}. {trace.text}"
    if trace.advice:
        yield f"To change that: {trace.advice}"
    if trace.state:
        sent = ", ".join(f"{count:,} {state}" for state, count in trace.sent.items()) or "none"
        yield (
            f"Of {trace.checked:,} users {trace.reached:,} had it on a device, "
            f"{trace.unreachable:,} had no number. SMS: {sent}."
        )
    if trace.user is None:
        return
    yield f"\nUser {trace.user.user_id}: {trace.user.text}"
    if trace.user.advice:
        yield f"To change that: {trace.user.advice}"
    yield "\nWhat happened (times in UTC)"
    for entry in trace.user.timeline:
        yield f"  {entry.at}  {entry.text}"


def _lines(trace: Trace) -> Iterator[str]:
    yield f"Notification {trace.notification_id} ({trace.kind}) to user {trace.user_id}"
    yield trace.answer
    for advice in trace.advice:
        yield f"To change that: {advice}"
    if trace.content is not None:
        yield f"Title: {trace.content.title}"
        yield f"Message: {trace.content.message}"
    if trace.sockets:
        yield "\nSockets, then and now"
        for socket in trace.sockets:
            then = "open then" if socket.was_open else "not open then"
            yield f"  {then}: {socket.text}"
    if trace.steps:
        yield "\nLadder"
        for step in trace.steps:
            must = ", required" if step.required else ""
            yield f"  {step.channel_name} (due {step.due_at}{must}): {step.text}"
            if step.advice:
                yield f"    To change that: {step.advice}"
    yield "\nWhat happened (times in UTC)"
    for entry in trace.timeline:
        yield f"  {entry.at}  {entry.text}"
