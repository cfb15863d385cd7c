from __future__ import annotations

from datetime import timedelta
from math import inf
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from hoardrun.market.calendars import calendars
from hoardrun.market.models import Instrument, Lease, Quote
from hoardrun.market.services import quotes_record
from tests.hoardrun.market.tools import instrument, quote_of, quotes_at
from tests.hoardrun.tools import problem
from tests.stored import just_over


@pytest.fixture
def quotes(instruments: Any) -> None:
    quotes_record(quotes=quotes_at())


def test_it_answers_numbers_to_the_existing_front_end(api: APIClient, quotes: None):
    quote: Any = quote_of("AAPL")
    answer = api.get("/api/v1/market-data?symbol=AAPL&type=quote").json()
    assert answer == {
        "symbol": "AAPL",
        "price": float(quote.price),
        "change": float(quote.change),
        "changePercent": float(quote.change_percent),
        "volume": float(quote.volume),
        "marketCap": float(quote.market_cap),
        "high": float(quote.high),
        "low": float(quote.low),
        "open": float(quote.open),
        "close": float(quote.previous_close),
        "timestamp": "2026-03-18T12:00:00.000Z",
    }
    assert "marketCap" not in api.get("/api/v1/market-data?symbol=eur-usd").json()


def test_it_answers_all_quotes_without_a_symbol(api: APIClient, quotes: None):
    answer = api.get("/api/v1/market-data").json()
    assert len(answer) == 20
    assert all(isinstance(item["price"], float) for item in answer)


def test_it_answers_thirty_days_of_a_simulated_market(
    api: APIClient, instruments: Any, settings: Any
):
    settings.SIMULATE_MARKET = True
    days = api.get("/api/v1/market-data?symbol=SCOM&type=daily").json()
    assert len(days) == 30
    assert [day["date"] for day in days] == sorted(day["date"] for day in days)
    assert set(days[0]) == {"date", "open", "high", "low", "close", "volume"}
    assert all(isinstance(day["close"], float) for day in days)


def test_it_answers_the_one_day_it_knows_of_a_real_market(
    api: APIClient, quotes: None, settings: Any
):
    settings.SIMULATE_MARKET = False
    [day] = api.get("/api/v1/market-data?symbol=SCOM&type=daily").json()
    assert (day["date"], day["close"]) == ("2026-03-18", float(quote_of("SCOM").price))


def test_it_answers_strings_in_its_own_quotes(api: APIClient, quotes: None):
    quote = quote_of("USD-KES")
    [answer] = api.get("/api/v1/quotes?symbols=USD-KES").json()
    assert answer["price"] == f"{quote.price:.3f}"
    assert answer["currency"] == "KES"
    assert answer["market_cap"] is None
    assert all(value is None or isinstance(value, str) for value in answer.values())


def test_it_filters_quotes_by_type_and_symbols(api: APIClient, quotes: None):
    def symbols(query: str) -> list[str]:
        return [item["symbol"] for item in api.get(f"/api/v1/quotes?{query}").json()]

    assert symbols("type=crypto") == ["BTC-USD", "ETH-USD", "SOL-USD"]
    assert symbols("symbols=scom,%20AAPL,SCOM") == ["AAPL", "SCOM"]
    assert symbols("symbols=SCOM,BTC-USD&type=crypto") == ["BTC-USD"]
    assert len(symbols("type=&symbols=")) == 20


def test_it_lists_instruments_by_type_and_hides_inactive_ones(api: APIClient, instruments: Any):
    instrument(symbol="GONE", type="index", is_active=False)
    found = api.get("/api/v1/instruments?type=index").json()
    assert [item["symbol"] for item in found] == ["JSE-TOP40", "NSE20", "SPX"]
    assert api.get("/api/v1/instruments/ETH-USD").json() == {
        "symbol": "ETH-USD",
        "name": "Ethereum",
        "type": "crypto",
        "currency": "USD",
        "decimals": 2,
        "base": "ETH",
        "status": "open",
    }


def test_an_instrument_has_the_state_of_its_market(api: APIClient, instruments: Any, settings: Any):
    settings.SIMULATE_MARKET = False
    Instrument.objects.filter(symbol="ETH-USD").update(status="halted")
    before = calendars.newest().state_of("XNAI", timezone.now())
    states = {item["symbol"]: item["status"] for item in api.get("/api/v1/instruments").json()}
    assert (states["BTC-USD"], states["ETH-USD"]) == ("open", "halted")
    assert states["SCOM"] in {before, calendars.newest().state_of("XNAI", timezone.now())}


def test_a_quote_says_where_it_is_from_and_how_far_it_can_be_trusted(api: APIClient, quotes: None):
    def told() -> dict[str, Any]:
        [answer] = api.get("/api/v1/quotes?symbols=SCOM").json()
        return {name: answer[name] for name in ("source", "as_of", "feed", "window", "status")}

    sound = {
        "source": "simulator",
        "as_of": "2026-03-18T12:00:00.000Z",
        "feed": "live",
        "window": "session",
        "status": "open",
    }
    assert told() == sound
    Lease.objects.update(expires_at=just_over())  # its leader has died
    assert told() == sound | {"feed": "stale"}
    Quote.objects.update(feed="delayed")
    assert told() == sound | {"feed": "delayed"}
    Lease.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    Quote.objects.update(feed="closed")
    assert told() == sound | {"feed": "closed", "status": "closed"}
    Instrument.objects.update(status="halted")
    assert told() == sound | {"feed": "halted", "status": "halted"}


@pytest.mark.parametrize(
    "query",
    [
        "market-data?symbol=NOPE",
        "market-data?symbol=NOPE&type=daily",
        "market-data?symbol=a:b",
        "instruments/NOPE",
        "instruments/GONE",
        "quotes?symbols=SCOM,NOPE",
    ],
)
def test_it_answers_an_unknown_symbol_with_a_problem(api: APIClient, quotes: None, query: str):
    instrument(symbol="GONE", is_active=False)
    problem(api.get(f"/api/v1/{query}"), 404, "instrument_not_found")


def test_it_says_that_nothing_was_quoted_yet(api: APIClient, instruments: Any):
    problem(api.get("/api/v1/market-data?symbol=SCOM"), 404, "quote_not_found")


@pytest.mark.parametrize(
    "query",
    [
        "market-data?symbol=SCOM&type=weekly",
        "market-data?type=daily",
        "market-data?symbol=" + "A" * 21,
        "market-data?symbol=A%00",
        "instruments?type=bond",
        "quotes?type=bond",
        "quotes?symbols=" + ",".join(f"S{number}" for number in range(101)),
    ],
)
def test_it_refuses_a_query_it_does_not_understand(api: APIClient, quotes: None, query: str):
    assert api.get(f"/api/v1/{query}").status_code == 400


@pytest.mark.parametrize("path", ["market-data", "instruments", "quotes"])
def test_it_asks_the_database_once_for_all(
    api: APIClient,
    quotes: None,
    path: str,
    django_assert_num_queries: Any,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(calendars, "_until", inf)  # they are read now and then
    with django_assert_num_queries(1):
        api.get(f"/api/v1/{path}")
