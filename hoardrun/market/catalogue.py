"""The instruments of a new installation, with what the simulator needs to move them."""

from __future__ import annotations

from typing import NamedTuple


class Seed(NamedTuple):
    """An instrument. `base` is its price in `currency`, `daily_volume` counts units.

    `supply` is the number of coins or shares, for the market capitalisation.
    """

    symbol: str
    name: str
    type: str
    currency: str
    decimals: int
    base: float
    daily_volume: int
    supply: int | None = None


CATALOGUE: tuple[Seed, ...] = (
    Seed("BTC-USD", "Bitcoin", "crypto", "USD", 2, 67_250.0, 28_000, 19_700_000),
    Seed("ETH-USD", "Ethereum", "crypto", "USD", 2, 3_480.0, 310_000, 120_000_000),
    Seed("SOL-USD", "Solana", "crypto", "USD", 2, 168.0, 4_200_000, 465_000_000),
    Seed("EUR-USD", "Euro / US dollar", "forex", "USD", 5, 1.0862, 96_000_000),
    Seed("GBP-USD", "Pound sterling / US dollar", "forex", "USD", 5, 1.2714, 61_000_000),
    Seed("USD-UGX", "US dollar / Ugandan shilling", "forex", "UGX", 2, 3_715.0, 2_400_000),
    Seed("USD-KES", "US dollar / Kenyan shilling", "forex", "KES", 3, 129.15, 5_800_000),
    Seed("USD-NGN", "US dollar / Nigerian naira", "forex", "NGN", 2, 1_535.0, 7_900_000),
    Seed("USD-ZAR", "US dollar / South African rand", "forex", "ZAR", 4, 18.21, 19_000_000),
    Seed("AAPL", "Apple", "stock", "USD", 2, 214.5, 52_000_000, 15_200_000_000),
    Seed("MSFT", "Microsoft", "stock", "USD", 2, 428.0, 21_000_000, 7_430_000_000),
    Seed("SCOM", "Safaricom", "stock", "KES", 2, 28.4, 9_600_000, 40_065_428_000),
    Seed("EQTY", "Equity Group", "stock", "KES", 2, 47.2, 3_100_000, 3_773_674_802),
    Seed("MTNU", "MTN Uganda", "stock", "UGX", 2, 242.0, 1_900_000, 22_389_044_239),
    Seed("XAU-USD", "Gold, troy ounce", "commodity", "USD", 2, 2_412.0, 190_000),
    Seed("BRENT", "Brent crude oil, barrel", "commodity", "USD", 2, 82.6, 310_000),
    Seed("COFFEE", "Arabica coffee, pound (US cents)", "commodity", "USD", 2, 236.0, 41_000),
    Seed("NSE20", "Nairobi NSE 20", "index", "KES", 2, 1_655.0, 11_000_000),
    Seed("JSE-TOP40", "Johannesburg Top 40", "index", "ZAR", 2, 74_300.0, 160_000_000),
    Seed("SPX", "S&P 500", "index", "USD", 2, 5_560.0, 2_300_000_000),
)
SEEDS: dict[str, Seed] = {seed.symbol: seed for seed in CATALOGUE}
assert len(SEEDS) == len(CATALOGUE), "two instruments share a symbol"
assert not any(":" in symbol for symbol in SEEDS), "a colon would make a room's name ambiguous"
