from __future__ import annotations

from dataclasses import replace

import pytest

from hoardrun.market import services
from hoardrun.market.feeds.venue import Listed
from hoardrun.market.models import Instrument, SourceSymbol
from hoardrun.market.symbols import NOT_LISTED, NOT_TRADING, sync_symbols

pytestmark = pytest.mark.django_db

BTC = Listed("BTC/USD", "BTC", "USD", 1, "XBTUSD")
EUR = Listed("EUR/USD", "EUR", "USD", 5, "EURUSD")
SPX6900 = Listed("SPX/USD", "SPX", "USD", 4, "SPXUSD")  # a coin, named as an index is
APPLE = Listed("AAPL", "AAPL", "USD", None, "AAPL")


@pytest.fixture(autouse=True)
def _instruments() -> None:
    services.instruments_ensure()


def _row(symbol: str, source: str = "kraken") -> SourceSymbol:
    return SourceSymbol.objects.get(instrument__symbol=symbol, source=source)


def test_instruments_get_the_names_of_the_list():
    synced = sync_symbols("kraken", [BTC, EUR, SPX6900])
    assert sorted(synced.created) == ["BTC-USD", "EUR-USD"]
    assert {"ETH-USD", "USD-UGX"} < set(synced.missing)
    row = _row("BTC-USD")
    assert (row.venue_symbol, row.rest_symbol, row.exponent) == ("BTC/USD", "XBTUSD", 1)
    assert (row.role, row.is_enabled) == ("primary", True)


def test_only_instruments_of_the_venues_types_are_taken():
    sync_symbols("kraken", [SPX6900, APPLE])
    assert not SourceSymbol.objects.exists()
    assert sync_symbols("alpaca", [APPLE]).created == ["AAPL"]


def test_a_second_source_is_a_backup():
    sync_symbols("kraken", [BTC])
    sync_symbols("coinbase", [Listed("BTC-USD", "BTC", "USD", 2, "BTC-USD")])
    assert _row("BTC-USD").role == "primary"
    assert _row("BTC-USD", "coinbase").role == "backup"


@pytest.mark.parametrize(
    ("later", "reason"),
    [([EUR], NOT_LISTED), ([EUR, replace(BTC, is_trading=False)], NOT_TRADING)],
)
def test_what_is_gone_is_disabled_with_the_reason_and_enabled_when_it_is_back(
    later: list[Listed], reason: str
):
    sync_symbols("kraken", [BTC, EUR])
    assert sync_symbols("kraken", later).disabled == {"BTC-USD": reason}
    row = _row("BTC-USD")
    assert (row.is_enabled, row.reason) == (False, reason)
    assert sync_symbols("kraken", later).disabled == {}
    assert sync_symbols("kraken", [BTC, EUR]).enabled == ["BTC-USD"]
    row.refresh_from_db()
    assert (row.is_enabled, row.reason) == (True, "")


def test_what_staff_have_disabled_stays_so():
    sync_symbols("kraken", [BTC])
    SourceSymbol.objects.update(is_enabled=False, reason="Not wanted here.")
    assert sync_symbols("kraken", [BTC]).enabled == []
    assert sync_symbols("kraken", [replace(BTC, exponent=2)]).enabled == []
    assert not _row("BTC-USD").is_enabled


def test_what_the_venue_has_refused_is_asked_again_only_once_its_entry_changes():
    sync_symbols("kraken", [BTC])
    SourceSymbol.objects.update(is_enabled=False, reason="refused: not supported")
    assert sync_symbols("kraken", [BTC]).enabled == []
    assert sync_symbols("kraken", [replace(BTC, rest_symbol="BTCUSD")]).enabled == ["BTC-USD"]
    assert _row("BTC-USD").rest_symbol == "BTCUSD"


def test_a_symbol_that_staff_have_chosen_is_kept_and_filled_in():
    apple = Instrument.objects.get(symbol="AAPL")
    SourceSymbol.objects.create(instrument=apple, source="kraken", venue_symbol="AAPLx/USD")
    sync_symbols("kraken", [Listed("AAPLx/USD", "AAPLx", "USD", 2, "AAPLxUSD")])
    row = _row("AAPL")
    assert (row.rest_symbol, row.exponent, row.is_enabled) == ("AAPLxUSD", 2, True)


def test_a_name_that_another_instrument_has_is_not_given_twice():
    ethereum = Instrument.objects.get(symbol="ETH-USD")
    SourceSymbol.objects.create(instrument=ethereum, source="kraken", venue_symbol="BTC/USD")
    assert "BTC-USD" in sync_symbols("kraken", [BTC]).missing


def test_more_decimals_than_the_instrument_keeps_are_told():
    assert sync_symbols("kraken", [replace(BTC, exponent=4), EUR]).finer == {"BTC-USD": 4}


def test_an_empty_list_disables_nothing():
    sync_symbols("kraken", [BTC])
    with pytest.raises(ValueError, match="empty"):
        sync_symbols("kraken", [])
    assert _row("BTC-USD").is_enabled
