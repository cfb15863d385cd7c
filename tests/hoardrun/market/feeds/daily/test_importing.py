from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from hoardrun.market import selectors, services
from hoardrun.market.engine.prices import Feed
from hoardrun.market.feeds.daily import importing, reading
from hoardrun.market.feeds.daily.importing import Imported, daily_import
from hoardrun.market.feeds.daily.reading import NoRates
from hoardrun.market.models import Candle, Instrument, Quote, Source, SourceSymbol
from hoardrun.market.quotes import LiveQuote
from hoardrun.market.rescaling import instrument_rescale

pytestmark = pytest.mark.django_db

HISTORY = b"Date,USD,GBP,ZAR,\n2026-10-30,1.0867,0.8432,19.5606,\n2026-10-29,1.0850,0.8400,19.6,\n"
BEFORE, AFTER = date(2026, 10, 29), date(2026, 10, 30)


@pytest.fixture(autouse=True)
def _instruments() -> None:
    services.instruments_ensure()


def _days(symbol: str) -> list[Candle]:
    return list(Candle.objects.filter(instrument__symbol=symbol).order_by("bucket"))


def _rates(text: str, source: str = "cbk", *, accept_jumps: bool = False) -> Imported:
    raw = f"Date,Currency,Mean\n{text}\n".encode()
    return daily_import(source=source, raw=raw, accept_jumps=accept_jumps)


def _live(symbol: str, at: datetime) -> LiveQuote:
    """Store a live price of another source."""
    listing = selectors.listing_of(Instrument.objects.get(symbol=symbol))
    price = D("1.1")
    quote = LiveQuote(
        listing, price, price, price, price, None, None, None, at, "kraken", Feed.LIVE
    )
    services.quotes_record(quotes=[quote])
    return quote


def test_a_reference_rate_is_a_delayed_quote_of_the_banks_day():
    done = daily_import(source="ecb", raw=HISTORY)
    assert (done.first, done.last, done.prices, done.candles) == (BEFORE, AFTER, 6, 6)
    assert done.quoted == ["EUR-USD", "GBP-USD", "USD-ZAR"]
    quote = selectors.quote_get(symbol="EUR-USD")
    assert (quote.price, quote.previous_close) == (D("1.08670"), D("1.08500"))
    assert (quote.feed, quote.source) == (Feed.DELAYED, "ecb")
    assert quote.as_of == datetime(2026, 10, 30, 15, tzinfo=UTC)
    assert selectors.quote_get(symbol="USD-ZAR").price == D("18.0000")


def test_it_makes_candles_of_days_and_of_nothing_shorter():
    daily_import(source="ecb", raw=HISTORY)
    first, second = _days("EUR-USD")
    assert (first.bucket, second.bucket) == (
        datetime(2026, 10, 29, tzinfo=UTC),
        datetime(2026, 10, 30, tzinfo=UTC),
    )
    assert (second.open, second.high, second.low, second.close) == (108670,) * 4
    assert second.is_closed and second.is_indicative and second.volume is None
    assert set(Candle.objects.values_list("minutes", flat=True)) == {1440}


def test_a_share_has_the_prices_of_its_day():
    raw = (
        b"Code,Open,High,Low,Close,Previous,Volume\n"
        b'SCOM,28.30,28.60,28.20,28.45,28.40,"9,600,000"\nEQTY,,,,47.2,,\nAAPL,1,1,1,1,1,1\n'
    )
    done = daily_import(source="nse", raw=raw, day=AFTER)
    assert done.instruments == ["EQTY", "SCOM"]  # AAPL is of another exchange
    (candle,) = _days("SCOM")
    assert (candle.open, candle.high, candle.low, candle.close) == (2830, 2860, 2820, 2845)
    assert (candle.volume, candle.is_indicative) == (9_600_000 * 10**8, False)
    quote = selectors.quote_get(symbol="SCOM")
    assert (quote.previous_close, quote.change) == (D("28.40"), D("0.05"))
    (bare,) = _days("EQTY")
    assert (bare.open, bare.high, bare.low, bare.close) == (4720,) * 4


def test_the_same_file_again_changes_nothing():
    daily_import(source="ecb", raw=HISTORY)
    rows = list(Candle.objects.order_by("pk").values())
    done = daily_import(source="ecb", raw=HISTORY)
    assert (done.candles, done.quoted) == (0, [])
    assert list(Candle.objects.order_by("pk").values()) == rows


def test_a_corrected_day_is_a_revision():
    daily_import(source="ecb", raw=HISTORY)
    daily_import(source="ecb", raw=HISTORY.replace(b"1.0850", b"1.0851"))
    first, second = _days("EUR-USD")
    assert (first.close, first.revision) == (108510, 1)
    assert (second.close, second.revision) == (108670, 0)
    assert selectors.quote_get(symbol="EUR-USD").previous_close == D("1.08510")


def test_a_corrected_newest_day_corrects_the_newest_price():
    raw = b"Date,Code,Close,Previous,Volume\n2026-10-30,SCOM,28.54,28.40,100\n"
    daily_import(source="nse", raw=raw)
    corrected = raw.replace(b"28.54", b"28.45").replace(b",28.40,", b",,")
    assert daily_import(source="nse", raw=corrected).quoted == ["SCOM"]
    quote = selectors.quote_get(symbol="SCOM")
    assert (quote.price, quote.change) == (D("28.45"), D("0.05"))
    assert daily_import(source="nse", raw=corrected).quoted == []
    assert daily_import(source="nse", raw=corrected.replace(b",100", b",200")).quoted == ["SCOM"]
    assert selectors.quote_get(symbol="SCOM").volume == 200


def test_a_candle_of_another_source_stays():
    eur = Instrument.objects.get(symbol="EUR-USD")
    Candle.objects.create(
        instrument=eur, minutes=1440, bucket=datetime(2026, 10, 30, tzinfo=UTC), open=1, high=2,
        low=1, close=2, is_closed=True, is_indicative=False, source="kraken",
    )  # fmt: skip
    done = daily_import(source="ecb", raw=HISTORY)
    assert [candle.source for candle in _days("EUR-USD")] == ["ecb", "kraken"]
    assert (done.candles, done.left) == (5, 1)
    assert "5 of 6 candles new or changed, 1 left to another source;" in str(done)


def test_the_day_that_another_source_is_making_a_candle_of_is_left_to_it():
    """Of minutes in the venue's day: its own candle of that day comes at its end."""
    rand = Instrument.objects.get(symbol="USD-ZAR")
    Candle.objects.create(
        instrument=rand, minutes=1, bucket=datetime(2026, 10, 30, 10, tzinfo=UTC), open=1, high=2,
        low=1, close=2, is_closed=True, is_indicative=False, source="kraken",
    )  # fmt: skip
    done = daily_import(source="ecb", raw=HISTORY)
    assert (done.candles, done.left) == (5, 1)
    days = Candle.objects.filter(instrument=rand, minutes=1440).values_list("bucket", flat=True)
    assert [day.date() for day in days] == [BEFORE]


@pytest.mark.parametrize(("age", "shown"), [(timedelta(hours=23), "kraken"), (timedelta(2), "ecb")])
def test_a_live_price_is_shown_until_it_is_a_day_older(age: timedelta, shown: str):
    _live("EUR-USD", datetime(2026, 10, 30, 15, tzinfo=UTC) - age)
    done = daily_import(source="ecb", raw=HISTORY)
    assert selectors.quote_get(symbol="EUR-USD").source == shown
    assert ("EUR-USD" in done.quoted) == (shown == "ecb")


def test_an_older_file_fills_the_past_and_leaves_the_newest_price():
    _rates("2026-10-30,US DOLLAR,129.30")
    done = _rates("2026-10-29,US DOLLAR,129.20")
    assert (done.candles, done.quoted) == (1, [])
    assert selectors.quote_get(symbol="USD-KES").price == D("129.300")


def test_the_day_before_comes_from_what_was_imported_before():
    _rates("2026-10-29,US DOLLAR,129.20")
    _rates("2026-10-30,US DOLLAR,129.30")
    assert selectors.quote_get(symbol="USD-KES").change == D("0.100")


def test_a_jump_refuses_the_file_unless_it_is_accepted():
    _rates("2026-10-29,USD,129.20")
    with pytest.raises(NoRates, match="line 2: USD is 12930 after 129.2"):
        _rates("2026-10-30,USD,12930")
    assert len(_days("USD-KES")) == 1
    assert _rates("2026-10-30,USD,12930", accept_jumps=True).candles == 1


def test_a_jump_within_the_file_refuses_it_too():
    with pytest.raises(NoRates, match="line 2: EUR is 2.0867 after 1.085"):
        daily_import(source="ecb", raw=HISTORY.replace(b"1.0867", b"2.0867"))
    assert not Candle.objects.exists() and not Quote.objects.exists()


def test_a_day_to_come_is_refused():
    with pytest.raises(NoRates, match="line 2: 2999-01-01 has not come yet"):
        _rates("2999-01-01,USD,129")


def test_a_day_that_is_not_over_is_refused(monkeypatch: pytest.MonkeyPatch):
    """A file of the morning holds no closing prices, and no price is of a time to come."""
    at = datetime(2026, 10, 30, 11, 59, tzinfo=UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: at)
    raw = b"Date,Code,Close\n2026-10-30,SCOM,28.45\n"
    with pytest.raises(NoRates, match="line 2: 2026-10-30 is not over: its prices are of 15:00"):
        daily_import(source="nse", raw=raw)
    monkeypatch.setattr("django.utils.timezone.now", lambda: at + timedelta(minutes=1))
    assert daily_import(source="nse", raw=raw).quoted == ["SCOM"]


@pytest.mark.parametrize("day", ["0001-01-02", "0026-10-30", "1969-12-31"])
def test_a_day_that_no_file_has_is_refused(day: str):
    with pytest.raises(NoRates, match=f"line 2: {day} is too long ago"):
        _rates(f"{day},USD,129")


def test_prices_are_of_the_decimals_that_hold_when_they_are_stored(
    monkeypatch: pytest.MonkeyPatch,
):
    """A rescaling that comes between the reading of the file and the storing spoils no price."""
    read = reading.read_daily

    def rescaled(*given: Any, **more: Any) -> Any:
        instrument_rescale(symbol="USD-KES", decimals=6)
        return read(*given, **more)

    monkeypatch.setattr(importing, "read_daily", rescaled)
    _rates("2026-10-30,USD,129.30")
    assert selectors.quote_get(symbol="USD-KES").price == D("129.3")
    assert [candle.close for candle in _days("USD-KES")] == [129_300_000]


@pytest.mark.parametrize("source", ["bot", "use"])
def test_a_source_that_no_instrument_takes_prices_from_is_refused(source: str):
    Instrument.objects.filter(currency="UGX").update(is_active=False)
    with pytest.raises(NoRates, match=f"No instrument takes its prices from {source}"):
        daily_import(source=source, raw=b"Date,Code,Close\n2026-10-30,X,1\n")


def test_a_file_without_our_instruments_is_refused():
    with pytest.raises(NoRates, match="nothing of our instruments"):
        _rates("2026-10-30,EUR,150")


def test_it_notes_source_licence_and_symbols():
    daily_import(source="ecb", raw=HISTORY)
    source = Source.objects.get(name="ecb")
    assert source.state == "delayed"
    assert "European Central Bank" in source.licence
    assert source.last_price_at == datetime(2026, 10, 30, 15, tzinfo=UTC)
    symbols = SourceSymbol.objects.filter(source="ecb").values_list("venue_symbol", "role")
    assert dict(symbols) == {
        "EUR/USD": "backup", "GBP/USD": "backup", "USD/ZAR": "backup",
    }  # fmt: skip


def test_what_staff_have_disabled_is_left_out_and_their_symbols_are_used():
    daily_import(source="ecb", raw=HISTORY)
    SourceSymbol.objects.filter(venue_symbol="EUR/USD").update(is_enabled=False)
    later = HISTORY.replace(b"2026-10-30", b"2026-11-02").replace(b"2026-10-29", b"2026-11-01")
    assert daily_import(source="ecb", raw=later).instruments == ["GBP-USD", "USD-ZAR"]
    share = Instrument.objects.get(symbol="SCOM")
    SourceSymbol.objects.create(instrument=share, source="nse", venue_symbol="SAFCOM")
    raw = b"Date,Code,Close\n2026-10-30,SAFCOM,28.45\n2026-10-30,SCOM,1\n"
    assert daily_import(source="nse", raw=raw).instruments == ["SCOM"]
    assert selectors.quote_get(symbol="SCOM").price == D("28.45")


def test_a_price_too_small_for_the_instrument_is_refused():
    raw = b"Date,Code,Close\n2026-10-30,SCOM,0.001\n"
    with pytest.raises(NoRates, match="line 2: SCOM has too few decimals"):
        daily_import(source="nse", raw=raw)
    assert not SourceSymbol.objects.exists()
