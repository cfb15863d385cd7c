"""The quotes of the release before are copied into whole steps; its nodes go on with theirs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from hoardrun.market.hours import Session, state_at
from hoardrun.market.models import Instrument, Quote
from hoardrun.market.selectors import quote_get
from tests.hoardrun.market.tools import instrument

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 3, 18, 12, tzinfo=UTC)
PRICES = ("price", "open", "high", "low", "previous_close", "change")


@pytest.fixture
def apps() -> Any:
    """The models in the middle of the migration, when both tables of quotes are known."""
    loader = MigrationExecutor(connection).loader
    state = loader.project_state([("market", "0001_initial")])
    for operation in loader.get_migration("market", "0002_sources").operations[:-1]:
        operation.state_forwards("market", state)
    return state.apps


def add(apps: Any, symbol: str, volume: str, **prices: str) -> None:
    """Store a quote as the release before does."""
    given = dict.fromkeys(PRICES, "1.5") | prices
    row = apps.get_model("market", "Instrument").objects.get(symbol=symbol)
    apps.get_model("market", "FormerQuote").objects.create(
        instrument=row,
        change_percent=Decimal("-0.19"),
        volume=Decimal(volume),
        market_cap=None,
        quoted_at=MOMENT,
        **{name: Decimal(text) for name, text in given.items()},
    )


def migrate(apps: Any) -> None:
    import_module("hoardrun.market.migrations.0002_sources").copy_quotes(apps, None)


def test_quotes_stay_what_they_were(apps: Any):
    instrument(symbol="KLMO", decimals=5)
    add(apps, "KLMO", "1234.5678", price="1.08621", change="-0.00012", low="0")
    migrate(apps)
    quote = quote_get(symbol="KLMO")
    assert (quote.price, quote.volume) == (Decimal("1.08621"), Decimal("1234.5678"))
    assert (quote.as_of, quote.feed, quote.low) == (MOMENT, "stale", Decimal(0))
    assert Quote.objects.get().change == -12


def test_a_volume_that_does_not_fit_is_unknown(apps: Any):
    instrument(symbol="KLMO")
    add(apps, "KLMO", "99999999999.9999")
    migrate(apps)
    assert quote_get(symbol="KLMO").volume is None


def test_nodes_of_the_release_before_go_on_with_their_table(apps: Any):
    """They write quotes and instruments; and an instrument can be deleted with its former quote."""
    row = apps.get_model("market", "Instrument").objects.create(
        symbol="KLMO", name="Kilimo", type="stock", currency="KES", decimals=2, status="open"
    )
    add(apps, "KLMO", "1")
    migrate(apps)
    former = apps.get_model("market", "FormerQuote").objects
    former.filter(pk=row.pk).update(price=Decimal("2.5"))
    Instrument.objects.filter(symbol="KLMO").delete()
    assert former.get().price == Decimal("2.5")
    assert not Quote.objects.exists()


def test_pairs_get_their_base_by_their_symbols():
    instrument(symbol="A-B-USD", type="crypto", currency="USD")
    instrument(symbol="USD-UGX", type="forex", currency="UGX")
    instrument(symbol="USDX", type="forex", currency="USD")
    instrument(symbol="NAMETOOLONG-USD", type="crypto", currency="USD")
    instrument(symbol="JSE-KES", type="stock", currency="KES")
    import_module("hoardrun.market.migrations.0003_hours").name_bases(Instrument)
    assert dict(Instrument.objects.values_list("symbol", "base")) == {
        "A-B-USD": "A-B", "USD-UGX": "USD", "USDX": "", "NAMETOOLONG-USD": "", "JSE-KES": "",
    }  # fmt: skip


def test_the_seeds_say_when_venues_trade():
    seeds = import_module("hoardrun.market.migrations.0003_hours")
    sessions = []
    for venue, zone, weekdays, kind, text in seeds.SESSIONS:
        opens, closes = seeds.hours(text)
        if venue == "XNYS":
            sessions += [
                Session(weekday, kind, opens, closes, zone, seeds.SINCE) for weekday in weekdays
            ]
    states = [state_at(sessions, {}, MOMENT.replace(hour=hour)) for hour in (3, 9, 15, 22)]
    assert states == ["closed", "pre_market", "open", "after_hours"]
    days = [
        date.fromisoformat(day)
        for _, _, days, *_ in [*seeds.HOLIDAYS, *seeds.SHORT_DAYS]
        for day in days
    ]
    assert all(day.weekday() < 5 for day in days), "a holiday on a weekend says nothing"
