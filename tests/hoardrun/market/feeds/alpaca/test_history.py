from __future__ import annotations

from decimal import Decimal as D

import pytest

from hoardrun.market.feeds import times
from hoardrun.market.feeds.alpaca.history import AlpacaHistory
from hoardrun.market.feeds.events import Bar
from hoardrun.market.feeds.venue import Listed

SINCE = times.of_text("2026-09-10T14:30:00Z")
BARS = b"""{"bars":[{"t":"2026-09-10T14:30:00Z","o":214.4,"h":214.62,"l":214.31,"c":214.50,
"v":12345,"n":87,"vw":214.48}],"symbol":"AAPL","next_page_token":null}"""
HEADERS = {"APCA-API-KEY-ID": "PKX", "APCA-API-SECRET-KEY": "secret"}
HISTORY = AlpacaHistory(lambda: ("PKX", "secret"))


def test_it_reads_candles():
    assert HISTORY.read_bars("AAPL", 1, BARS) == [
        Bar(
            "AAPL", SINCE, 1, D("214.4"), D("214.62"), D("214.31"), D("214.50"), D("12345"), 87
        )
    ]  # fmt: skip


def test_no_candles_are_an_empty_answer():
    assert HISTORY.read_bars("AAPL", 1, b'{"bars":null,"next_page_token":null}') == []


@pytest.mark.parametrize("body", [b"", b"[]", b'{"message":"forbidden."}', b'{"bars":[{}]}'])
def test_what_cannot_be_read_is_a_value_error(body: bytes):
    with pytest.raises(ValueError, match="cannot be read"):
        HISTORY.read_bars("AAPL", 1, body)


def test_it_asks_with_its_key_for_what_begins_in_the_span():
    asked = HISTORY.bars_request("AAPL", 60, SINCE, SINCE + times.MINUTE)
    assert asked.path == "/v2/stocks/AAPL/bars"
    assert asked.headers == HEADERS
    assert asked.params["timeframe"] == "1Hour"
    assert asked.params["start"] == "2026-09-10T14:30:00.000000Z"
    assert asked.params["end"] == "2026-09-10T14:30:59.999999Z"


@pytest.mark.parametrize("minutes", AlpacaHistory.minutes)
def test_it_has_a_name_for_each_of_its_intervals(minutes: int):
    assert HISTORY.bars_request("AAPL", minutes, SINCE, SINCE + 1).params["timeframe"]


def test_the_list_is_of_the_account_on_paper_if_the_key_is():
    assert HISTORY.listing_request().address == "https://paper-api.alpaca.markets"
    real = AlpacaHistory(lambda: ("AKX", "secret"))
    assert real.listing_request().address == "https://api.alpaca.markets"
    body = b'[{"symbol":"AAPL","tradable":true,"id":"x"},{"symbol":"OLD","tradable":false}]'
    assert HISTORY.read_listing(body) == [
        Listed("AAPL", "AAPL", "USD", None, "AAPL"),
        Listed("OLD", "OLD", "USD", None, "OLD", is_trading=False),
    ]
    assert HISTORY.trades_request("AAPL", SINCE) is None
    assert HISTORY.read_trades("AAPL", b"") == []
