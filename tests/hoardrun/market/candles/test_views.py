from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from hoardrun.market.candles.services import candles_store
from hoardrun.market.candles.spans import MINUTE, microseconds
from hoardrun.market.candles.values import Values
from hoardrun.market.lease import Held
from hoardrun.market.models import Instrument
from tests.hoardrun.market.candles.prices import NOON
from tests.hoardrun.market.candles.rows import drawn, minutes_of
from tests.hoardrun.market.tools import instrument
from tests.hoardrun.tools import problem

NOON_TEXT = "2026-03-03T12:00:00Z"


@pytest.fixture
def btc(db: Any) -> Instrument:
    return instrument(symbol="BTC-USD", type="crypto", currency="USD")


def asked(api: APIClient, symbol: str = "BTC-USD", **query: object) -> dict[str, Any]:
    query = {name.rstrip("_"): value for name, value in query.items()}
    answer = api.get(f"/api/v1/market/{symbol}/candles?{urlencode(query)}")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def opens(page: dict[str, Any]) -> list[int]:
    return [round(float(each["open"]) * 100) - 1000 for each in page["candles"]]


def test_it_answers_candles_ascending_with_all_decimals(
    api: APIClient, held: Held, btc: Instrument
):
    minutes_of(held, btc, 2, running=True)
    page = asked(api, "btc-usd")
    assert {name: page[name] for name in page if name != "candles"} == {
        "symbol": "BTC-USD",
        "interval": "1m",
        "decimals": 2,
        "currency": "USD",
        "next": None,
    }
    first, second = page["candles"]
    assert first == {
        "time": "2026-03-03T12:00:00.000Z",
        "open": "10.00",
        "high": "10.05",
        "low": "9.95",
        "close": "10.01",
        "volume": "0.000002",
        "trades": 2,
        "closed": True,
        "revision": 0,
        "revised": False,
        "indicative": False,
        "source": "kraken",
    }
    assert (second["time"], second["closed"]) == ("2026-03-03T12:01:00.000Z", False)


def test_prices_have_twelve_decimals_where_the_instrument_has(api: APIClient, held: Held, db: Any):
    pepe = instrument(symbol="PEPE-USD", type="crypto", currency="USD", decimals=12)
    candles_store(
        held=held, drawn=[drawn(pepe, 0, values=Values(8_900_000, 10, 1, 1_000_000_000_000))]
    )
    [candle] = asked(api, "PEPE-USD")["candles"]
    assert (candle["open"], candle["low"]) == ("0.000008900000", "0.000000000001")
    assert (candle["close"], candle["volume"]) == ("1.000000000000", None)


def test_without_a_time_the_newest_come_first_and_pages_go_back(
    api: APIClient, held: Held, btc: Instrument
):
    minutes_of(held, btc, 25)
    seen, cursor = list[int](), dict[str, Any]()
    for count in (10, 10, 5):
        page = asked(api, limit=10, **cursor)
        assert len(page["candles"]) == count
        seen = opens(page) + seen
        cursor = {"cursor": page["next"]}
    assert cursor == {"cursor": None}
    assert seen == list(range(25))


def test_from_a_time_pages_go_forward(api: APIClient, held: Held, btc: Instrument):
    minutes_of(held, btc, 25)
    query: dict[str, Any] = {"from_": "2026-03-03T12:05:00Z", "to": "2026-03-03T12:20:00Z"}
    query["limit"] = 10
    first = asked(api, **query)
    second = asked(api, **query, cursor=first["next"])
    assert opens(first) + opens(second) == list(range(5, 20))
    assert second["next"] is None


def test_up_to_a_time_the_newest_before_it_come(api: APIClient, held: Held, btc: Instrument):
    minutes_of(held, btc, 10)
    page = asked(api, to="2026-03-03T12:05:00Z", limit=2)
    assert opens(page) == [3, 4]
    assert opens(asked(api, to="2026-03-03T12:05:00Z", limit=2, cursor=page["next"])) == [1, 2]


def test_what_still_runs_is_added_up(api: APIClient, held: Held, btc: Instrument):
    minutes_of(held, btc, 8, running=True)
    candles_store(held=held, drawn=[drawn(btc, 0, 5)])
    first, second = asked(api, interval="5m")["candles"]
    assert (first["closed"], second["closed"]) == (True, False)
    assert (second["open"], second["close"], second["trades"]) == ("10.05", "10.08", 6)
    for interval in ("1h", "4h", "1d", "1w", "1M"):
        [whole] = asked(api, interval=interval)["candles"]
        assert (whole["open"], whole["close"]) == ("10.00", "10.08"), interval
        assert (whole["trades"], whole["closed"]) == (16, False), interval


def test_weeks_and_months_are_added_up_from_days(api: APIClient, held: Held, btc: Instrument):
    midnight = NOON - 720 * MINUTE
    days = [
        replace(drawn(btc, number, 1440), bucket=midnight + number * 1440 * MINUTE)
        for number in range(-40, 1)
    ]
    candles_store(held=held, drawn=days)
    months = asked(api, interval="1M")["candles"]
    assert [each["time"][:10] for each in months] == ["2026-01-01", "2026-02-01", "2026-03-01"]
    assert [each["trades"] for each in months] == [20, 56, 6]
    weeks = asked(api, interval="1w", limit=2)
    assert [each["time"][:10] for each in weeks["candles"]] == ["2026-02-23", "2026-03-02"]
    assert [each["trades"] for each in weeks["candles"]] == [14, 4]
    before = asked(api, interval="1w", limit=2, cursor=weeks["next"])
    assert [each["time"][:10] for each in before["candles"]] == ["2026-02-09", "2026-02-16"]
    later = asked(api, interval="1M", from_="2026-01-15T00:00:00Z", limit=1)
    assert [each["time"][:10] for each in later["candles"]] == ["2026-02-01"]
    last = asked(api, interval="1M", from_="2026-01-15T00:00:00Z", limit=1, cursor=later["next"])
    assert [each["time"][:10] for each in last["candles"]] == ["2026-03-01"]


def test_an_empty_minute_has_no_candle_unless_it_is_filled(
    api: APIClient, held: Held, btc: Instrument
):
    candles_store(held=held, drawn=[drawn(btc, 0), drawn(btc, 3)])
    to = "2026-03-03T12:05:00Z"
    assert opens(asked(api, to=to)) == [0, 3]
    page = asked(api, to=to, fill="previous")
    assert [each["close"] for each in page["candles"]] == ["10.01"] * 3 + ["10.04"] * 2
    empty = page["candles"][1]
    assert (empty["volume"], empty["trades"], empty["closed"]) == ("0", 0, True)
    cut = asked(api, to=to, fill="previous", limit=2)
    rest = asked(api, to=to, fill="previous", limit=9, cursor=cut["next"])
    assert rest["candles"] + cut["candles"] == page["candles"]


def test_filling_from_a_time_goes_on_from_the_price_before_it(
    api: APIClient, held: Held, btc: Instrument
):
    candles_store(held=held, drawn=[drawn(btc, 0), drawn(btc, 3)])
    query = {"from_": "2026-03-03T12:01:00Z", "to": "2026-03-03T12:05:00Z", "fill": "previous"}
    page = asked(api, **query)
    assert [each["close"] for each in page["candles"]] == ["10.01"] * 2 + ["10.04"] * 2
    cut = asked(api, **query, limit=3)
    rest = asked(api, **query, limit=3, cursor=cut["next"])
    assert cut["candles"] + rest["candles"] == page["candles"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("interval=2m", "interval"),
        ("interval=1D", "interval"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("fill=zero", "fill"),
        ("from=yesterday", "from"),
        ("from=0001-01-01T00:00:00Z", "from"),
        ("to=9999-12-31T00:00:00Z", "to"),
        (f"from={NOON_TEXT}&to={NOON_TEXT}", "to"),
        ("cursor=b", "cursor"),
        ("cursor=a1772539200", "cursor"),
        ("cursor=b1772539201", "cursor"),
        ("cursor=b999999999999", "cursor"),
        ("cursor=b-99999999999", "cursor"),
        (f"from={NOON_TEXT}&cursor=b1772539200", "cursor"),
        ("interval=1w&cursor=b1772539200", "cursor"),
        ("intervall=1m", "intervall"),
    ],
)
def test_a_wrong_parameter_is_named(api: APIClient, btc: Instrument, query: str, field: str):
    problem(api.get(f"/api/v1/market/BTC-USD/candles?{query}"), 400, "invalid_input", field)


@pytest.mark.parametrize(
    ("query", "words"),
    [("interval=2m", "1m, 5m, 15m"), ("fill=x", "none, previous"), ("from=1969-12-31", "1970")],
)
def test_a_wrong_parameter_is_answered_with_what_may_be(
    api: APIClient, btc: Instrument, query: str, words: str
):
    answer = api.get(f"/api/v1/market/BTC-USD/candles?{query}").json()
    [[reason]] = answer["errors"].values()
    assert words in reason


@pytest.mark.parametrize("symbol", ["NOPE", "GONE", "*", "BTC:USD"])
def test_an_unknown_symbol_is_refused(api: APIClient, btc: Instrument, symbol: str):
    instrument(symbol="GONE", is_active=False)
    problem(api.get(f"/api/v1/market/{symbol}/candles"), 404, "instrument_not_found")


def test_the_day_of_a_stock_is_that_of_its_exchange(api: APIClient, held: Held, db: Any):
    stock = instrument(symbol="SCOM", venue_code="XNAI")
    late = microseconds(datetime(2026, 3, 3, 21, 30, tzinfo=UTC))  # half past midnight there
    candles_store(held=held, drawn=[drawn(stock, 0), drawn(stock, 0, bucket=late)])
    days = asked(api, "SCOM", interval="1d")["candles"]
    assert [each["time"][:10] for each in days] == ["2026-03-03", "2026-03-04"]


def test_the_days_of_the_existing_front_end_are_the_stored_ones(
    api: APIClient, held: Held, btc: Instrument, settings: Any
):
    settings.SIMULATE_MARKET = False
    days = [
        replace(drawn(btc, 0, 1440), bucket=NOON - (720 + 1440 * ago) * MINUTE) for ago in (1, 0)
    ]
    candles_store(held=held, drawn=days)
    found = api.get("/api/v1/market-data?symbol=BTC-USD&type=daily").json()
    assert [(day["date"], day["close"]) for day in found] == [
        ("2026-03-02", 10.01),
        ("2026-03-03", 10.01),
    ]
