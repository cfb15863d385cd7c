"""The alerts of a run are crossed by prices that come once all are armed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.market import session, truth
from tests.market.plan import Plan

SECOND = 1_000_000


def test_no_price_reaches_an_alert_before_all_are_armed(tmp_path: Path) -> None:
    """Where prices have few steps, the nearest of them is one that was there before."""
    plan = Plan(alerts=200, minutes=0.5, trades=20)
    recording = tmp_path / "session.jsonl"
    session.write(recording, plan)
    found = truth.deals(recording)
    armed = found[0].at + (20 + session.ARMING_SECONDS) * SECOND
    before = [deal for deal in found if deal.at < armed]
    for wish in session.wishes(recording, plan, 20 * SECOND):
        threshold = Decimal(wish["threshold"])
        prices = [each.price for each in before if each.symbol.replace("/", "-") == wish["symbol"]]
        is_above = wish["kind"] == "price_above"
        assert threshold > max(prices) if is_above else threshold < min(prices)
