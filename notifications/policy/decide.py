"""The decision about a ladder: who is sent what now, and when it is looked at again. Pure.

The judge calls `decide` for a ladder that is due, the sender `judge` for one rung, just before the
call. The latest facts and wishes count, never those of the time of the event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from notifications.policy import rules
from notifications.policy.case import Case, condition, is_above
from notifications.policy.due import due_at, missed
from notifications.policy.facts import (
    Chosen,
    Close,
    Decision,
    Facts,
    Go,
    Hold,
    Join,
    Ladder,
    Policy,
    Reached,
    Send,
    Skip,
    Verdict,
    Wait,
)
from notifications.policy.reach import best_reach


def decide(ladder: Ladder, facts: Facts, chosen: Chosen, policy: Policy, now: datetime) -> Decision:
    """Decide what becomes of a ladder at this moment."""
    if (over := is_over(ladder, facts, now)) is not None:
        return over
    reached = best_reach(ladder, facts)
    verdicts = tuple(_verdicts(ladder, facts, chosen, policy, now, reached))
    going = tuple(each for each in verdicts if isinstance(each, Go | Join))
    skips = tuple(each for each in verdicts if isinstance(each, Skip))
    holds = [each for each in verdicts if isinstance(each, Hold)]
    needed = [each for each in holds if not _is_needless(each, ladder, facts, chosen, reached)]
    then: Close | Wait
    if needed:
        first = min(needed, key=lambda hold: hold.until)
        until = min(first.until, ends_at(ladder, facts))
        then = Wait(until=until, rung=first.rung, rule=first.rule)
    else:
        then = _close(ladder, facts, verdicts, reached)
    if going:
        return Send(rungs=going, then=then, skips=skips)
    if isinstance(then, Wait):
        return Wait(until=then.until, rung=then.rung, rule=then.rule, skips=skips)
    return Close(reason=then.reason, rule=then.rule, evidence=then.evidence, skips=skips)


def judge(
    number: int, ladder: Ladder, facts: Facts, chosen: Chosen, policy: Policy, now: datetime
) -> Verdict:
    """Judge one rung that is due."""
    reached = best_reach(ladder, facts)
    case = Case(
        number, ladder, facts, chosen, policy, now, reached, is_above(ladder.kind, facts, chosen)
    )
    over = is_over(ladder, facts, now)
    return rules.judge(case) if over is None else case.skip(over.rule)


def is_over(ladder: Ladder, facts: Facts, now: datetime) -> Close | None:
    """Return how a ladder ends that is over before any rung is judged."""
    if facts.cancelled_at is not None:
        return Close(reason="cancelled", rule="cancelled")
    if facts.superseded:
        return Close(reason="superseded", rule="superseded")
    if now >= ends_at(ladder, facts):
        return Close(reason="expired", rule="expired")
    if not facts.user_is_active:
        return Close(reason="cancelled", rule="inactive")
    return None


def ends_at(ladder: Ladder, facts: Facts) -> datetime:
    """Return from when on nothing is sent."""
    end = ladder.committed_at + ladder.kind.lives_for
    return end if facts.expires_at is None else min(end, facts.expires_at)


def _verdicts(
    ladder: Ladder, facts: Facts, chosen: Chosen, policy: Policy, now: datetime, reached: Reached
) -> Iterator[Verdict]:
    """Judge the rungs that are open; one that is not due is held until it is.

    A rung that came to nothing makes the next one due at once, also past one that is not wanted.
    """
    above = is_above(ladder.kind, facts, chosen)
    at_once = False
    for number, rung in enumerate(ladder.kind.ladder):
        if number in ladder.done:
            came_to_nothing = missed([each for each in facts.sent if each.rung == number])
            at_once = at_once if came_to_nothing is None else came_to_nothing
            continue
        due = due_at(rung, ladder, facts, policy, at_once=at_once, above=above)
        verdict: Verdict
        if due > now:
            verdict = Hold(rung=number, channel=rung.channel, rule="due", until=due)
        else:
            case = Case(number, ladder, facts, chosen, policy, now, reached, above)
            verdict = rules.judge(case)
        yield verdict
        at_once = rules.came_to_nothing(verdict) or (at_once and isinstance(verdict, Skip))


def _is_needless(
    hold: Hold, ladder: Ladder, facts: Facts, chosen: Chosen, reached: Reached
) -> bool:
    """Say whether a rung that is held will not be needed: what has been reached stays reached."""
    unless = condition(ladder.kind.ladder[hold.rung], above=is_above(ladder.kind, facts, chosen))
    return unless is not None and reached.reach >= unless


def _close(ladder: Ladder, facts: Facts, verdicts: Sequence[Verdict], reached: Reached) -> Close:
    """Say why nothing is left to wait for."""
    if any(isinstance(each, Hold) or _is_reached(each) for each in verdicts):
        return Close(reason="reached", rule="reached", evidence=reached)
    came_to_nothing = [rules.came_to_nothing(each) for each in verdicts]
    is_going = any(isinstance(each, Go | Join) for each in verdicts)
    for number in ladder.done:
        deliveries = [each for each in facts.sent if each.rung == number]
        came_to_nothing.append(missed(deliveries) is True)
        # A rung that is done without a delivery has joined a digest.
        is_going = is_going or not deliveries or missed(deliveries) is False
    if any(came_to_nothing) and not is_going:
        return Close(reason="unreachable", rule="exhausted")
    return Close(reason="exhausted", rule="exhausted")


def _is_reached(verdict: Verdict) -> bool:
    return isinstance(verdict, Skip) and verdict.rule == "reached"
