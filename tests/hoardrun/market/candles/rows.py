"""Candles for tests, and those that are stored."""

from __future__ import annotations

from dataclasses import replace

from hoardrun.market.candles.selectors import drawn_list
from hoardrun.market.candles.services import candles_store
from hoardrun.market.candles.spans import MINUTE
from hoardrun.market.candles.values import Drawn, Values
from hoardrun.market.lease import Held
from hoardrun.market.models import Candle, Instrument
from tests.hoardrun.market.candles.prices import NOON


def drawn(instrument: Instrument, number: int, minutes: int = 1, **facts: object) -> Drawn:
    """Draw the candle of a span after noon; its prices tell the number."""
    price = 1000 + number
    values = Values(price, price + 5, price - 5, price + 1, 200, 2)
    bucket = NOON + number * minutes * MINUTE
    made = Drawn(instrument.pk, minutes, bucket, values, "kraken", is_closed=True)
    return replace(made, **facts)  # type: ignore[arg-type]


def minutes_of(held: Held, instrument: Instrument, count: int, *, running: bool = False) -> None:
    """Store so many minutes from noon on; the last one runs if asked for."""
    made = [drawn(instrument, number) for number in range(count)]
    if running:
        made[-1] = replace(made[-1], is_closed=False)
    candles_store(held=held, drawn=made)


def stored(minutes: int = 1) -> list[Drawn]:
    return drawn_list(Candle.objects.filter(minutes=minutes).order_by("instrument_id", "bucket"))
