"""Compares what a venue has traded with the alerts that fired and the candles that were kept.

It shares no code with the product. Every verdict counts violations; examples say what was seen.
Times are microseconds since 1970, prices Decimal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from tests.market import truth
from tests.market.truth import Deal
from tests.services.proof import outcome

VERDICTS = {
    "lost": "a price has crossed the threshold, and the alert has not fired",
    "doubled": "an alert has fired more often than prices crossed, or before it was armed again",
    "false": "an alert has fired, and no price like the one that was told had crossed",
    "silent": "an alert has fired, and its user has no notification of it, or another user has",
    "late": "an alert has fired later than a failover and the questions after it take",
    "candle": "a candle that is not what the trades make, is missing, or is not closed",
    "leaderless": "after a fault nobody led for longer than a failover may take",
    "overtaken": "a row was stored with another number than that of the lease in force",
    "unrevised": "a closed candle was changed, or opened, without a higher revision",
    "stolen": "a lease was taken while it was in force, or without a higher number",
}
MINUTE = truth.MINUTE
MILLISECOND = 1000


class Verdict(outcome.Verdict):
    """Counts what VERDICTS names."""

    names = VERDICTS


@dataclass(frozen=True)
class Alert:
    """An alert as the database has it. `rises` says whether it waits for a higher price.

    A repeated one is armed again once a price is as far away as `back`, `cooldown` after it fired.
    """

    id: int
    user: int
    symbol: str
    rises: bool
    threshold: Decimal
    is_repeated: bool
    armed_at: int
    fired: int
    back: Decimal = Decimal(0)
    cooldown: int = 0

    def is_reached(self, price: Decimal) -> bool:
        return price >= self.threshold if self.rises else price <= self.threshold

    def is_back(self, price: Decimal) -> bool:
        return price <= self.back if self.rises else price >= self.back


@dataclass(frozen=True)
class Told:
    """A notification of an alert. `at` is when it was written; the rest is what it says.

    That is a price and its time at the venue; or the price was reached between two of its times.
    """

    alert: int
    user: int
    at: int
    price: Decimal
    as_of: int
    since: int | None = None

    def tells(self, trade: Deal) -> bool:
        """Say whether it may be told of this trade. Times are told in milliseconds."""
        if self.since is None:
            return abs(trade.at - self.as_of) < 2 * MILLISECOND and trade.price == self.price
        return self.since <= trade.at < self.as_of + MILLISECOND


@dataclass(frozen=True)
class Candle:
    """A candle as the database has it, or as the trades make it."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    trades: int
    is_closed: bool = True


@dataclass
class Evidence:
    """Everything at the end of a run that lasted from `began` to `ended`.

    `healed` lists the faults: when each began and ended. `leaderless` lists for each kill or freeze
    of a leader what it was, and how many seconds passed until another led. `noted` is what the
    database has seen meanwhile, by verdict.
    """

    began: int
    ended: int
    trades: Mapping[str, Sequence[Deal]]  # ascending
    alerts: Sequence[Alert]
    told: Sequence[Told]
    candles: Mapping[tuple[str, int, int], Candle]  # by symbol, minutes and begin
    healed: Sequence[tuple[int, int]] = ()
    leaderless: Sequence[tuple[str, float]] = ()
    noted: Sequence[tuple[str, str]] = ()


class Limits(NamedTuple):
    """Limits in microseconds: for telling of a crossing, and for asking a venue once again."""

    telling: int
    asking: int


def check(
    found: Evidence,
    *,
    failover: float,
    telling: float,
    asking: float = 0.0,
    minutes: Sequence[int] = (1, 5),
) -> Verdict:
    """Check everything; a failover, and telling of a crossing, may take so many seconds.

    After each fault that begins meanwhile, so many more for asking the venue once again.
    """
    verdict = Verdict()
    limits = Limits(int(telling * 1_000_000), int(asking * 1_000_000))
    delays = _check_alerts(found, verdict, limits)
    checked = sum(_check_candles(found, verdict, each) for each in minutes)
    for what, seconds in found.leaderless:
        if seconds > failover:
            verdict.add("leaderless", f"{what}: nobody led for {seconds:.1f} s")
    for kind, what in found.noted:
        verdict.add(kind, what)
    gaps = sorted(seconds for _, seconds in found.leaderless)
    verdict.figures = {
        "trades": sum(map(len, found.trades.values())),
        "alerts": len(found.alerts),
        "fired": sum(alert.fired for alert in found.alerts),
        "notifications": len(found.told),
        "candles": checked,
        "delays_seconds": _quantiles(delays),
        "failovers_seconds": _quantiles(gaps),
    }
    return verdict


def _check_alerts(found: Evidence, verdict: Verdict, limits: Limits) -> list[float]:
    """Check each alert; return for those that fired how many seconds after the crossing."""
    told: dict[int, list[Told]] = defaultdict(list)
    for each in found.told:
        told[each.alert].append(each)
    delays: list[float] = []
    for alert in found.alerts:
        mine = sorted(told.pop(alert.id, []), key=lambda each: each.at)
        delays += _check_alert(found, verdict, alert, mine, limits)
    for alert_id in told:
        verdict.add("false", f"alert {alert_id} was told, and is not there")
    return sorted(delays)


def _check_alert(
    found: Evidence, verdict: Verdict, alert: Alert, mine: Sequence[Told], limits: Limits
) -> list[float]:
    text = f"alert {alert.id} of {alert.symbol} at {alert.threshold}"
    if others := [each for each in mine if each.user != alert.user]:
        verdict.add("silent", f"{text} was told to user {others[0].user}")
    if len(mine) < alert.fired:
        verdict.add("silent", f"{text} fired {alert.fired} times, told {len(mine)} times")
    trades = found.trades.get(alert.symbol, ())
    crossed = _crossings(alert, trades)
    certain = _crossings(alert, _without_ties(alert, trades))
    if untrue := [each for each in mine if not _is_true(alert, each, trades)]:
        verdict.add("false", f"{text}: no trade is as in {untrue[0]}")
    elif mine and (not crossed or mine[0].at < crossed[0].at):
        verdict.add("false", f"{text} was told at {mine[0].at}, crossed by {crossed[:1]}")
    elif not found.healed and len(mine) > (most := max(len(crossed), len(certain))):
        verdict.add("doubled", f"{text} was told {len(mine)} times, crossed {most}")
    elif early := [two for one, two in pairwise(mine) if not _may_follow(alert, one, two, trades)]:
        verdict.add("doubled", f"{text} was not armed again before {early[0]}")
    # What came back while nobody led is not armed again: with faults only the first is certain.
    due = [trade for trade in certain if trade.arrived < found.ended]
    if max(len(mine), alert.fired) < (min(1, len(due)) if found.healed else len(due)):
        verdict.add("lost", f"{text} was crossed by {due}, and told {len(mine)} times")
    if not mine or not certain:
        return []
    delay = mine[0].at - certain[0].arrived
    if delay > limits.telling + _broken(found, certain[0].arrived, mine[0].at, limits.asking):
        verdict.add("late", f"{text} was told {delay / 1_000_000:.1f} s after the crossing")
    return [delay / 1_000_000]


def _crossings(alert: Alert, trades: Sequence[Deal]) -> list[Deal]:
    """Return the trades that reached the threshold while the alert was armed.

    The one at which it was armed may be such a trade: prices go on while somebody asks for it.
    A trade that comes later than one of a later time may be such a trade, and moves nothing else.
    """
    crossed: list[Deal] = []
    armed_at: int | None = alert.armed_at
    newest, last = alert.armed_at, None
    for trade in trades:
        is_new = trade.at >= newest
        if armed_at is None and is_new and trade.at >= crossed[-1].at + alert.cooldown:
            if last is not None and alert.is_back(last):
                armed_at = newest
            elif alert.is_back(trade.price):
                armed_at = trade.at
        if armed_at is not None and trade.at >= armed_at and alert.is_reached(trade.price):
            crossed.append(trade)
            if not alert.is_repeated:
                break
            armed_at = None
        if is_new and trade.at > alert.armed_at:
            newest, last = trade.at, trade.price
    return crossed


def _without_ties(alert: Alert, trades: Sequence[Deal]) -> Sequence[Deal]:
    """Leave out what was traded at the very time of arming, but for the last trade of that time.

    That is the price at which the alert was armed; it came after the others, so these may be told,
    such as by whoever asks for that time, and need not be.
    """
    alike = [trade for trade in trades if trade.at == alert.armed_at][:-1]
    return [trade for trade in trades if trade not in alike] if alike else trades


def _may_follow(alert: Alert, one: Told, two: Told, trades: Sequence[Deal]) -> bool:
    """Say whether the alert may have been armed again between two notifications."""
    if not alert.is_repeated or two.as_of - one.as_of < alert.cooldown - MILLISECOND:
        return False
    between = (trade.price for trade in trades if one.as_of <= trade.at <= two.as_of)
    return any(map(alert.is_back, between))


def _is_true(alert: Alert, told: Told, trades: Sequence[Deal]) -> bool:
    """Say whether a trade is what the notification tells, and had reached the threshold."""
    return any(told.tells(trade) and alert.is_reached(trade.price) for trade in trades)


def _broken(found: Evidence, since: int, until: int, asking: int) -> int:
    """Return for how long things were broken that began meanwhile, and hindered the telling.

    Whoever leads after each of them asks the venue anew. Of what was broken already,
    `Plan.telling` has the time.
    """
    began = [(begin, end) for begin, end in found.healed if since <= begin < until]
    return sum(min(end, until) - begin + asking for begin, end in began)


def _check_candles(found: Evidence, verdict: Verdict, minutes: int) -> int:
    """Compare the candles of an interval with what the trades make; return how many there are."""
    span, checked = minutes * MINUTE, 0
    for symbol, trades in found.trades.items():
        made = truth.candles(trades, minutes)
        expected = {begin: Candle(*bar) for (_, begin), bar in made.items()}
        kept = {begin: one for (name, m, begin), one in found.candles.items()
                if (name, m) == (symbol, minutes)}  # fmt: skip
        for begin in sorted(expected.keys() | kept.keys()):
            if begin < found.began or begin + span > found.ended:
                continue
            checked += 1
            want, have = expected.get(begin), kept.get(begin)
            if want != have:
                text = f"{symbol} {minutes}m at {begin}"
                verdict.add("candle", f"{text}: {have} is kept, the trades make {want}")
    return checked


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    return {
        "p50": round(values[len(values) // 2], 2),
        "p99": round(values[min(len(values) - 1, len(values) * 99 // 100)], 2),
        "max": round(values[-1], 2),
    }
