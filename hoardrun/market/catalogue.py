"""The instruments of a new installation, with what the simulator needs to move them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple

import msgspec


class Seed(NamedTuple):
    """An instrument. `price` is what it began with, `daily_volume` counts units.

    `supply` is the number of coins or shares, for the market capitalisation. `venue_code` names
    whose hours hold.
    """

    symbol: str
    name: str
    type: str
    currency: str
    decimals: int
    price: float
    daily_volume: int
    supply: int | None = None
    venue_code: str = ""

    @property
    def base(self) -> str:
        """The unit that is priced, such as BTC of BTC-USD; empty for others."""
        head, _, tail = self.symbol.rpartition("-")
        return head if tail == self.currency else ""


_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_VENUES = {symbol: code for code, symbols in _TABLE["venues"].items() for symbol in symbols}
CATALOGUE = tuple(
    seed._replace(venue_code=_VENUES.get(seed.symbol, ""))
    for seed in msgspec.convert(_TABLE["instruments"], tuple[Seed, ...])
)
# Of the test room, in no table.
TEST = Seed("HOARD-TEST", "Test instrument, always moving", "stock", "USD", 4, 100.0, 50_000_000)
SEEDS: dict[str, Seed] = {seed.symbol: seed for seed in (*CATALOGUE, TEST)}
assert len(SEEDS) == len(CATALOGUE) + 1, "two instruments share a symbol"
assert not any(":" in symbol for symbol in SEEDS), "a colon would make a room's name ambiguous"
