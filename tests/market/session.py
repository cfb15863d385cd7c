"""The session that the venue of a run plays: pairs whose prices reach farther again and again."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.market import synthetic, truth
from tests.market.plan import Plan
from tests.market.shapes import fixed
from tests.market.truth import Deal

BEGAN = "2026-11-30T00:00:00Z"
# Until the nodes serve. The venue begins within the recording's first minute, so that its minutes
# are those of now; whatever trades until then has ended its last one after two.
STARTING_MINUTES = 1.6
ARMING_SECONDS = 15
BEYOND = Decimal("1.003")  # where a price goes that never goes there by itself
REPEATED = 3  # one alert in so many
# Ways back, as parts of the threshold: ten times the usual one, and one that no price goes.
OWN_WAYS = (0.01, 0.2)
PAIRS = (synthetic.BTC, synthetic.ETH, synthetic.SOL, synthetic.SHIB)
SILENT = synthetic.EUR  # trades in the beginning only: nothing but a clock ends its last minute


@dataclass(frozen=True)
class Course:
    """The price as a factor of the first one: waves, and spikes of two seconds in ten.

    The spikes go up and down in turn, each farther than the one before, until `minutes`. So each
    reaches what was not reached, and lies behind whoever was not there.
    """

    phase: float
    minutes: float

    def __call__(self, minutes: float) -> float:
        wave = 0.006 * math.sin(2 * math.pi * minutes / (3 + self.phase))
        spike, second = divmod(minutes * 60 + 10 * self.phase, 10)
        if second >= 2:
            return 1 + wave
        high = 0.004 + 0.05 * min(1.0, minutes / self.minutes)
        return 1 + wave + (high if spike % 2 else -high)


def write(path: Path, plan: Plan) -> None:
    """Write the recording, which is longer than the run may take."""
    whole = STARTING_MINUTES + plan.minutes
    markets = [
        synthetic.Market(pair, plan.trades, Course(number / 4, whole), most=2)
        for number, pair in enumerate(PAIRS)
    ]
    length = int(whole * 2 + 10) * truth.MINUTE
    markets.append(synthetic.Market(SILENT, plan.trades / 4, ends=int(STARTING_MINUTES * 60)))
    synthetic.kraken(
        path, BEGAN, "pairs that go up and down.", markets, length, plan.seed, late=plan.late
    )


def wishes(path: Path, plan: Plan, position: int) -> list[dict[str, Any]]:
    """Choose alerts by chance, as arguments of `alert_create`, at a position of the recording.

    Most are crossed in the minutes that follow, and none before all are armed. One in three is
    repeated: of those, one in two has a long way back before it is armed again, or an endless one.
    """
    dice = random.Random(plan.seed)
    found = truth.deals(path)
    armed = found[0].at + position + ARMING_SECONDS * 1_000_000
    ended = armed + int(plan.minutes * 0.9 * truth.MINUTE)
    spans = {
        pair: (
            _prices(found, pair.slashed, 0, armed),
            _prices(found, pair.slashed, armed, ended),
        )
        for pair in PAIRS
    }
    chosen = []
    for number in range(plan.alerts):
        pair = PAIRS[number % len(PAIRS)]
        first, later = spans[pair]
        above = bool(number // len(PAIRS) % 2)
        if above:
            near, far = max(first), max(*later, max(first) * BEYOND)
        else:
            near, far = min(first), min(*later, min(first) / BEYOND)
        share = dice.uniform(0.02, 1.1)  # of the way from what was to the farthest
        steps = round((near + (far - near) * Decimal(f"{share:.6f}")).scaleb(pair.decimals))
        # Of few steps, the nearest one may be what the price has reached before.
        nearest = int(near.scaleb(pair.decimals))
        steps = max(steps, nearest + 1) if above else min(steps, nearest - 1)
        wish: dict[str, Any] = {
            "symbol": pair.dashed,
            "kind": "price_above" if above else "price_below",
            "threshold": fixed(steps, pair.decimals),
        }
        if not number % REPEATED:
            wish |= {"mode": "repeat", "cooldown_seconds": plan.cooldown}
            if number % (2 * REPEATED):
                way = OWN_WAYS[number // (2 * REPEATED) % len(OWN_WAYS)]
                wish["hysteresis"] = fixed(max(1, round(steps * way)), pair.decimals)
        chosen.append(wish)
    return chosen


def _prices(found: Sequence[Deal], symbol: str, since: int, until: int) -> list[Decimal]:
    return [deal.price for deal in found if deal.symbol == symbol and since <= deal.at < until]
