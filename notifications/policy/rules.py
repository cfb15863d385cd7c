"""The rules that a rung is judged by, in the order in which they are asked. Pure.

A rule returns its verdict, or None if it has nothing to say: the first that says something decides.
What is required skips the wishes of the user, the caps and the quiet times.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time

from msgspec.structs import replace

from notifications.policy.case import Case, condition
from notifications.policy.channel import Obstacle, obstacle
from notifications.policy.facts import Go, Hold, Join, Rule, Skip, Verdict, Window
from notifications.policy.quiet import quiet_until, zone_of
from notifications.policy.resolve import consent_to, resolve

_BY_OBSTACLE: dict[Obstacle, Rule] = {
    "off": "channel_off",
    "stopped": "channel_off",
    "no_address": "no_address",
    "unverified": "unverified",
    "suppressed": "suppressed",
}
UNREACHABLE: frozenset[str] = frozenset(_BY_OBSTACLE.values())
_BY_SOURCE: dict[str, Rule] = {"muted": "muted", "default": "not_chosen"}


def can_reach(case: Case) -> Verdict | None:
    """Skip a channel that is off, and one where no address is left that may be used."""
    found = obstacle(case.state, case.addresses)
    if found is None:
        return None
    reason = ""
    if found == "suppressed":
        first = next(each for each in case.addresses if each.is_verified)
        reason = f"suppressed({first.suppressed})"
    return case.skip(_BY_OBSTACLE[found], reason, alarm=True)


def consents(case: Case) -> Verdict | None:
    """Skip what the user has not consented to, or has unsubscribed from."""
    consent = consent_to(case.kind, case.rung.channel, case.chosen)
    if consent is False or not case.usable:
        return case.skip("unsubscribed")
    return case.skip("no_consent") if case.kind.opt_in and not consent else None


def wants_it(case: Case) -> Verdict | None:
    """Skip what the user has switched off, or has not switched on."""
    cell = resolve(case.kind, case.rung.channel, case.chosen, case.now)
    return None if cell.value else case.skip(_BY_SOURCE.get(cell.source, "switched_off"))


def is_below_cap(case: Case) -> Verdict | None:
    """Put what is too much into the digest, or skip it."""
    limits = (case.kind.per_day, case.policy.per_day.get(case.rung.channel))
    limit = min((each for each in limits if each is not None), default=None)
    if case.kind.ignores_caps or limit is None or case.state.sent < limit:
        return None
    return _join(case, "capped") if _may_join(case) else case.skip("capped")


def is_not_quiet(case: Case) -> Verdict | None:
    """Hold it back until the quiet time is over. A digest has a time of its own."""
    if case.kind.ignores_quiet_hours or case.above or case.rung.digest:
        return None
    zone = zone_of(case.chosen.zone, case.facts.country, case.policy.zone)
    if (until := quiet_until(case.chosen.quiet, zone, case.now)) is not None:
        return _hold(case, "quiet", until)
    if case.rung.hours is None:
        return None
    opens, closes = map(time.fromisoformat, case.rung.hours)
    until = quiet_until((Window(start=closes, end=opens),), zone, case.now)
    return None if until is None else _hold(case, "hours", until)


def is_needed(case: Case) -> Verdict | None:
    """Skip where the user has been reached as surely as the rung asks for."""
    unless = condition(case.rung, above=case.above)
    if unless is None or case.reached.reach < unless:
        return None
    return replace(case.skip("reached", f"reached({case.reached.how})"), evidence=case.reached)


def leaves_alone(case: Case) -> Verdict | None:
    """Put it into a digest, if it belongs there or the user wants it there."""
    by_choice = case.kind.digestible and case.rung.channel == "email"
    if case.rung.digest or (by_choice and case.kind.category in case.chosen.digests):
        return _join(case, "digest")
    return _join(case, "volley") if _is_one_too_many(case) else None


WISHES: tuple[Callable[[Case], Verdict | None], ...] = (
    consents,
    wants_it,
    is_below_cap,
    is_not_quiet,
    is_needed,
    leaves_alone,
)


def judge(case: Case) -> Verdict:
    """Judge a rung that is due."""
    for rule in (can_reach, *((is_needed,) if case.required else WISHES)):
        if (verdict := rule(case)) is not None:
            return verdict
    usable = [each.id for each in case.usable]
    if case.rung.channel != "push" and not case.kind.to_former_address:
        usable = usable[:1]
    return Go(
        rung=case.number,
        channel=case.rung.channel,
        rule="required" if case.required else "due",
        addresses=tuple(usable),
        required=case.required,
        unless=condition(case.rung, above=case.above),
    )


def came_to_nothing(verdict: Verdict) -> bool:
    """Say whether a rung is skipped because its channel can reach nobody."""
    return isinstance(verdict, Skip) and verdict.rule in UNREACHABLE


def _may_join(case: Case) -> bool:
    return case.kind.digestible and case.rung.channel != "sms"


def _is_one_too_many(case: Case) -> bool:
    return case.facts.held >= case.policy.volley and _may_join(case)


def _join(case: Case, rule: Rule) -> Join:
    cadence = case.chosen.digests.get(case.kind.category, "daily") if rule == "digest" else None
    return Join(rung=case.number, channel=case.rung.channel, rule=rule, cadence=cadence)


def _hold(case: Case, rule: Rule, until: datetime) -> Hold:
    return Hold(rung=case.number, channel=case.rung.channel, rule=rule, until=until)
