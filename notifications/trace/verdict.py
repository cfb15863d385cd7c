"""The answer in one sentence or a few, and what would change it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from notifications.choices import Status
from notifications.kinds import Reach
from notifications.models import Escalation, Notification
from notifications.policy import best_reach
from notifications.policy.facts import Reached
from notifications.trace.causes import CLOSED, UNKNOWN_KIND
from notifications.trace.loading import Loaded
from notifications.trace.report import Step
from notifications.trace.words import HOWS, NAMES, REACHES
from realtime.trace.moments import spoken

ERASED = (
    "The notification has been erased with its user; what is left is the proof of what was sent."
)


def reached(found: Loaded) -> Reached:
    """Return how surely the user has been reached, by the rules that the judge uses."""
    if found.case is not None:
        return best_reach(found.case.ladder, found.case.facts)
    row = found.row
    if row is not None and row.read_at is not None:
        return Reached(reach=Reach.ACTED, how="read", at=row.read_at)
    if row is not None and row.seen_at is not None:
        return Reached(reach=Reach.SEEN, how="seen", at=row.seen_at)
    return Reached()


def answer(found: Loaded, now: Reached) -> str:
    """Say whether the user got it, and where its ladder stands."""
    return " ".join(_sentences(found, now))


def verdict(found: Loaded, steps: Sequence[Step], now: Reached) -> str:
    """Say whether the user got it, and if not, why by none of the channels."""
    if found.row is None or now.reach >= Reach.ON_DEVICE:
        return answer(found, now)
    why = (f"{NAMES[step.channel]}: {step.text}" for step in steps)
    return " ".join([answer(found, now), *why])


def advice(steps: Sequence[Step], now: Reached) -> tuple[str, ...]:
    """Return what would change the answer, each once; nothing for a user who has been reached."""
    if now.reach >= Reach.ON_DEVICE:
        return ()
    return tuple(dict.fromkeys(step.advice for step in steps if step.advice))


def _sentences(found: Loaded, now: Reached) -> Iterator[str]:
    row = found.row
    if row is None:
        yield ERASED
        return
    if row.published_at is None:
        yield _unpublished(row)
        return
    yield REACHES[now.reach]
    if now.how:
        where = f" (on {now.device})" if now.device else ""
        yield f"Known since {spoken(now.at)}, as {HOWS.get(now.how, now.how)}{where}."
    if found.ladder is None:
        yield "It stays within the app: it has no ladder."
    elif now.reach < Reach.ON_DEVICE:
        yield _ladder(found.ladder)


def _unpublished(row: Notification) -> str:
    if row.status == Status.ARCHIVED:
        return "It was archived before its time, so it never appeared."
    if row.scheduled_at is not None:
        return f"It has not appeared yet: it is scheduled for {spoken(row.scheduled_at)}."
    return "It has never appeared: it had expired by its time."


def _ladder(row: Escalation) -> str:
    """Say where a ladder stands."""
    if row.closed_at is None:
        return f"Its ladder goes on; it is judged next at {spoken(row.due_at)}."
    return next((text for name, text in CLOSED.items() if name == row.reason), UNKNOWN_KIND)
