"""Compares what a venue has traded with the alerts that fired and the candles that were kept.

It shares no code with the product. Every verdict counts violations; examples say what was seen.
Times are microseconds since 1970, prices Decimal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tests.market import truth
from tests.market.truth import Deal
from tests.services.proof import outcome

VERDICTS = {
    "lost": "a price has crossed the threshold, and the alert has not fired",
    "doubled": "an alert has fired more often than it may",
    "false": "an alert has fired, and no price had crossed its threshold",
    "silent": "an alert has fired, and its user has no notification of it, or another user has",
    "late": "an alert has fired later than a failover takes",
    "candle": "a candle that is not what the trades make, is missing, or is not closed",
    "leaderless": "after a fault nobody led for longer than a failover may take",
    "unled": "a durable row carries the number of a lease that was never given",
}
MINUTE = truth.MINUTE


class Verdict(outcome.Verdict):
    """Counts what VERDICTS names."""

    names = VERDICTS


@dataclass(frozen=True)
class Alert:
    """An alert as the database has it. `rises` says whether it waits for a higher price."""

    id: int
    user: int
    symbol: str
    rises: bool
    threshold: Decimal
    is_repeated: bool
    armed_at: int
    fired: int


@dataclass(frozen=True)
class Told:
    """A notification of an alert."""

    alert: int
    user: int
    at: int


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
    of a leader what it was, and how many seconds passed until another led.
    """

    began: int
    ended: int
    trades: Mapping[str, Sequence[Deal]]  # ascending
    alerts: Sequence[Alert]
    told: Sequence[Told]
    candles: Mapping[tuple[str, int, int], Candle]  # by symbol, minutes and begin
    healed: Sequence[tuple[int, int]] = ()
    leaderless: Sequence[tuple[str, float]] = ()
    epochs: Mapping[str, int] = field(default_factory=dict)  # the last of each lease
    epochs_written: Mapping[str, int] = field(default_factory=dict)  # the highest in any row


def check(found: Evidence, *, failover: float, minutes: Sequence[int] = (1, 5)) -> Verdict:
    """Check everything; a failover may take so many seconds."""
    verdict = Verdict()
    delays = _check_alerts(found, verdict, int(failover * 1_000_000))
    checked = sum(_check_candles(found, verdict, each) for each in minutes)
    for what, seconds in found.leaderless:
        if seconds > failover:
            verdict.add("leaderless", f"{what}: nobody led for {seconds:.1f} s")
    for name, epoch in found.epochs_written.items():
        if epoch > found.epochs.get(name, 0):
            verdict.add("unled", f"{name}: {epoch}, and the lease is at {found.epochs.get(name)}")
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


def _check_alerts(found: Evidence, verdict: Verdict, failover: int) -> list[float]:
    """Check each alert; return for those that fired how many seconds after the crossing."""
    told: dict[int, list[Told]] = defaultdict(list)
    for each in found.told:
        told[each.alert].append(each)
    delays = []
    for alert in found.alerts:
        mine = sorted(told.pop(alert.id, []), key=lambda each: each.at)
        text = f"alert {alert.id} of {alert.symbol} at {alert.threshold}"
        if strange := [each for each in mine if each.user != alert.user]:
            verdict.add("silent", f"{text} was told to user {strange[0].user}")
        if len(mine) < alert.fired:
            verdict.add("silent", f"{text} fired {alert.fired} times, told {len(mine)} times")
        if len(mine) > (alert.fired if alert.is_repeated else 1):
            verdict.add("doubled", f"{text} fired {alert.fired} times, told {len(mine)} times")
        crossed = _crossing(alert, found.trades.get(alert.symbol, ()))
        if mine and (crossed is None or mine[0].at < crossed):
            verdict.add("false", f"{text} was told at {mine[0].at}, crossed at {crossed}")
        elif mine and crossed is not None:
            delays.append((mine[0].at - crossed) / 1_000_000)
            if mine[0].at - crossed > failover and not _excused(found, crossed, mine[0].at):
                verdict.add("late", f"{text} was told {delays[-1]:.1f} s after the crossing")
        elif crossed is not None and crossed < found.ended:
            verdict.add("lost", f"{text} was crossed at {crossed}, and was not told")
    for alert_id in told:
        verdict.add("false", f"alert {alert_id} was told, and is not there")
    return sorted(delays)


def _crossing(alert: Alert, trades: Sequence[Deal]) -> int | None:
    """Return when a price first reached the threshold after the alert was armed."""
    for trade in trades:
        if trade.at <= alert.armed_at:
            continue
        if trade.price >= alert.threshold if alert.rises else trade.price <= alert.threshold:
            return trade.at
    return None


def _excused(found: Evidence, crossed: int, told: int) -> bool:
    """Say whether something was broken meanwhile, so that it could not be told in time."""
    return any(began < told and ended > crossed - MINUTE for began, ended in found.healed)


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
