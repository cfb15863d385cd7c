from __future__ import annotations

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from hoardrun.market.candles.directory import read_directory
from hoardrun.market.models import Instrument, SourceSymbol
from tests.hoardrun.market.tools import instrument


def symbol(of: Instrument, source: str, **facts: Any) -> None:
    SourceSymbol.objects.create(instrument=of, source=source, venue_symbol=of.symbol, **facts)


def test_the_primary_comes_before_the_backup(db: Any):
    btc = instrument(symbol="BTC-USD", type="crypto", currency="USD")
    symbol(btc, "alpaca", role="backup")
    symbol(btc, "kraken", role="primary")
    symbol(btc, "coinbase", role="backup")
    found = read_directory(("kraken", "alpaca", "coinbase")).symbols[btc.pk]
    assert [each.source for each in found] == ["kraken", "alpaca", "coinbase"]


def test_it_has_active_instruments_and_enabled_symbols_of_these_sources(db: Any):
    btc = instrument(symbol="BTC-USD", type="crypto", currency="USD")
    gone = instrument(symbol="GONE", is_active=False)
    symbol(btc, "kraken", is_enabled=False)
    symbol(btc, "coinbase")
    symbol(gone, "kraken")
    found = read_directory(("kraken",))
    assert gone.pk not in found.listings
    assert found.symbols == {}
    assert set(read_directory(("kraken", "coinbase")).symbols) == {btc.pk}


def test_days_are_those_of_the_venue(db: Any):
    stock = instrument(symbol="SCOM", venue_code="XNAI")
    coin = instrument(symbol="BTC-USD", type="crypto", currency="USD")
    found = read_directory(("simulator",))
    assert found.zone(stock.pk) == ZoneInfo("Africa/Nairobi")
    assert found.zone(coin.pk) == found.zone(999) == UTC
    [simulated] = found.of([stock.pk]).symbols[stock.pk]
    assert (simulated.source, simulated.zone) == ("simulator", ZoneInfo("Africa/Nairobi"))
