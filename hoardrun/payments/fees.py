"""Calculate the fee of a payment from bands of amounts, each valid between two days. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations
from typing import Literal

from msgspec import Struct

from hoardrun.payments.validity import Row, smallest_unit

Payer = Literal["us", "customer"]


class Band(Row, frozen=True, kw_only=True):
    """The fee of amounts from one to another, both included."""

    least: Decimal
    most: Decimal
    fixed: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    payer: Payer = "us"


class Fee(Struct, frozen=True):
    amount: Decimal
    payer: Payer


def fee_of(
    bands: Iterable[Band],
    *,
    provider: str,
    kind: str,
    currency: str,
    amount: Decimal,
    on: date,
    decimals: int,
) -> Fee | None:
    """Return the fee of an amount on a day; None if no band says it.

    A percentage is rounded half up to the currency's decimals.
    """
    for band in bands:
        if band.holds(provider, kind, currency, on) and band.least <= amount <= band.most:
            exact = band.fixed + amount * band.percent / 100
            return Fee(exact.quantize(smallest_unit(decimals), ROUND_HALF_UP), band.payer)
    return None


def faults(bands: Sequence[Band]) -> Iterator[str]:
    """Yield what is wrong with a tariff: bands that say nothing, and bands that say two things."""
    for band in bands:
        if band.least > band.most or band.least < 0:
            yield f"{_name(band)} has no amounts"
        if band.valid_to is not None and band.valid_to <= band.valid_from:
            yield f"{_name(band)} never holds"
        if band.fixed < 0 or band.percent < 0:
            yield f"{_name(band)} has a fee below zero"
    for one, other in combinations(bands, 2):
        if one.meets(other) and one.least <= other.most and other.least <= one.most:
            yield f"{_name(one)} and {_name(other)} overlap"


def _name(band: Band) -> str:
    place = f"{band.provider} {band.kind} {band.currency}"
    return f"{place} {band.least:f} to {band.most:f} from {band.valid_from}"
