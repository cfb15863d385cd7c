"""The session that the venue of a run plays: pairs that go up and down, calm at first."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tests.market import synthetic, truth
from tests.market.plan import Plan
from tests.market.shapes import fixed

CALM_MINUTES = 1.5  # in which alerts are created and armed
BEYOND = Decimal("1.005")  # where a price goes that never goes there by itself
BEGAN = "2026-11-30T00:00:00Z"
PAIRS = (synthetic.BTC, synthetic.ETH, synthetic.SOL, synthetic.SHIB)


@dataclass(frozen=True)
class Waves:
    """The price as a factor of the first one: two waves of different length."""

    phase: float

    def __call__(self, minutes: float) -> float:
        since = max(0.0, minutes - CALM_MINUTES)
        slow = math.sin(2 * math.pi * since / (7 + self.phase))
        return 1 + 0.03 * slow + 0.012 * math.sin(2 * math.pi * since / (2.3 - self.phase))


def write(path: Path, plan: Plan) -> None:
    """Write the recording, which is longer than the run may take."""
    markets = [
        synthetic.Market(pair, plan.trades, Waves(number / 4), most=2)
        for number, pair in enumerate(PAIRS)
    ]
    minutes = int(CALM_MINUTES + plan.minutes * 2 + 10)
    synthetic.kraken(
        path, BEGAN, "pairs that go up and down.", markets, minutes * truth.MINUTE, plan.seed
    )


def thresholds(path: Path, plan: Plan) -> list[tuple[str, bool, str]]:
    """Choose alerts by chance: the venue's symbol, whether it is above, the threshold.

    Most are crossed within the run's minutes; none is while it is calm.
    """
    dice = random.Random(plan.seed)
    found = truth.deals(path)
    began = found[0].at
    calm = began + int(CALM_MINUTES * truth.MINUTE)
    ended = calm + int(plan.minutes * 0.9 * truth.MINUTE)
    chosen = []
    for number in range(plan.alerts):
        pair = PAIRS[number % len(PAIRS)]
        prices = [deal for deal in found if deal.symbol == pair.slashed]
        first = [deal.price for deal in prices if deal.at <= calm]
        later = [deal.price for deal in prices if calm < deal.at <= ended]
        above = bool(number // len(PAIRS) % 2)
        if above:
            near, far = max(first), max(*later, max(first) * BEYOND)
        else:
            near, far = min(first), min(*later, min(first) / BEYOND)
        share = dice.uniform(0.15, 1.35)  # of the way from what is calm to the farthest
        steps = round((near + (far - near) * _decimal(share)).scaleb(pair.decimals))
        chosen.append((pair.slashed, above, fixed(steps, pair.decimals)))
    return chosen


def _decimal(value: float) -> Decimal:
    return Decimal(f"{value:.6f}")
