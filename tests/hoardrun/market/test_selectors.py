"""Quotes as they are read: none is shown as live that nobody keeps right."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from hoardrun.market.calendars import calendars
from hoardrun.market.engine.prices import Feed
from hoardrun.market.models import (
    Holiday,
    Instrument,
    Lease,
    Source,
    SourceSymbol,
    TradingSession,
)
from hoardrun.market.quotes import LiveQuote
from hoardrun.market.selectors import quote_get
from hoardrun.market.services import quotes_record
from tests.hoardrun.market.tools import quote_of

pytestmark = pytest.mark.django_db
FIRST_DAY = (timezone.now() - timedelta(days=30)).date()


@pytest.fixture(autouse=True)
def _hours_are_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "_newest", calendars._newest)
    monkeypatch.setattr(calendars, "_until", 0.0)


@pytest.fixture(autouse=True)
def _kraken_is_led(instruments: Any) -> None:
    until = timezone.now() + timedelta(hours=1)
    Lease.objects.create(name="source:kraken", expires_at=until)


def stored(symbol: str = "BTC-USD", **more: Any) -> None:
    """Store a price of Kraken that is a minute old."""
    as_of = timezone.now() - timedelta(minutes=1)
    quote: LiveQuote = replace(quote_of(symbol), as_of=as_of, source="kraken", **more)
    quotes_record(quotes=[quote])


def read(symbol: str = "BTC-USD") -> tuple[str, str]:
    """Return what an answer says of a price: its feed, and the state of its market."""
    quote = quote_get(symbol=symbol)
    return quote.feed.value, quote.listing.status


def trading_on(days_from_now: int, **more: Any) -> None:
    """Let Bitcoin trade at a venue that is open on one weekday, and on the next: it may come."""
    Instrument.objects.filter(symbol="BTC-USD").update(venue_code="TEST")
    for days in (days_from_now, days_from_now + 1):
        TradingSession.objects.create(
            venue="TEST",
            weekday=(timezone.now() + timedelta(days=days)).weekday(),
            opens=time(0),
            closes=time(0),
            timezone="UTC",
            valid_from=FIRST_DAY,
            **more,
        )


def test_what_the_leader_has_stored_holds_while_it_leads():
    stored()
    assert read() == ("live", "open")
    Lease.objects.filter(name="source:kraken").update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert read() == ("stale", "open")


def test_a_price_of_a_source_that_staff_have_stopped_is_stale():
    stored()
    Source.objects.create(name="kraken", is_stopped=True)
    assert read() == ("stale", "open")
    Source.objects.update(is_stopped=False)
    assert read() == ("live", "open")


def test_a_price_whose_symbol_is_disabled_is_stale():
    stored()
    SourceSymbol.objects.create(
        instrument=Instrument.objects.get(symbol="BTC-USD"),
        source="coinbase",
        venue_symbol="BTC-USD",
        is_enabled=False,
    )
    assert read() == ("live", "open")  # that of another source says nothing
    SourceSymbol.objects.update(source="kraken")
    assert read() == ("stale", "open")


@pytest.mark.parametrize("kind", ["pre_market", "after_hours"])
def test_it_says_in_which_part_of_the_day_a_market_is(kind: str):
    trading_on(0, kind=kind)
    stored()
    assert read() == ("live", kind)


@pytest.mark.parametrize("is_led", [True, False])
def test_a_closed_market_is_closed_whoever_leads(is_led: bool):
    trading_on(3)
    stored()
    if not is_led:
        Lease.objects.filter(name="source:kraken").update(
            expires_at=timezone.now() - timedelta(seconds=1)
        )
    assert read() == ("closed", "closed")
    for days in (0, 1):
        day = (timezone.now() + timedelta(days=days)).date()
        Holiday.objects.create(venue="TEST", day=day, name="A day off")
    calendars._until = 0.0
    assert read() == ("closed", "holiday")


def test_what_the_leader_knows_better_of_a_market_is_its_state():
    stored(feed=Feed.HALTED)
    assert read() == ("halted", "halted")
    stored(feed=Feed.CLOSED)
    assert read() == ("closed", "closed")


def test_a_delayed_price_stays_so_while_its_market_is_closed():
    trading_on(3)
    stored(feed=Feed.DELAYED)
    assert read() == ("delayed", "closed")
    Instrument.objects.filter(symbol="BTC-USD").update(status="halted")
    assert read() == ("halted", "halted")


def test_the_simulated_market_is_open_at_night():
    trading_on(3)
    quotes_record(quotes=[replace(quote_of("BTC-USD"), as_of=timezone.now())])
    assert read() == ("live", "open")
