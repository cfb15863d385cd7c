from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from channels.layers import get_channel_layer

from hoardrun.market import simulator
from hoardrun.market.engine.prices import Feed
from hoardrun.market.models import Instrument, Quote
from hoardrun.market.quotes import LiveQuote, market_update
from hoardrun.market.scaled import VOLUME_EXPONENT, scale
from hoardrun.market.selectors import quote_get, quote_list
from hoardrun.market.services import instruments_ensure, quotes_publish, quotes_record
from realtime.layer import groups, send
from tests.hoardrun.market.test_simulator import LISTINGS
from tests.hoardrun.market.tools import TICK, instrument, quote_of, quotes_at


def test_it_fills_an_empty_table_once(db: Any):
    assert instruments_ensure() == 20
    Instrument.objects.filter(symbol="SPX").delete()
    assert instruments_ensure() == 0
    assert not Instrument.objects.filter(symbol="SPX").exists()


def test_it_leaves_the_instruments_of_staff_alone(db: Any):
    instrument(symbol="KLMO")
    assert instruments_ensure() == 0
    assert Instrument.objects.count() == 1


def test_it_stores_exactly_what_was_quoted(instruments: Any):
    quotes = quotes_at()
    quotes_record(quotes=quotes)
    assert quote_list() == quotes
    row = Quote.objects.get(instrument__symbol="BTC-USD")
    assert (row.price, row.volume) == (
        scale(quote_of("BTC-USD").price, 2),
        scale(quote_of("BTC-USD").volume or Decimal(0), VOLUME_EXPONENT),
    )
    assert row.change == row.price - (row.previous_close or 0)


def test_it_records_a_batch_in_one_statement(instruments: Any, django_assert_num_queries: Any):
    quotes = quotes_at()
    with django_assert_num_queries(1):
        quotes_record(quotes=quotes)


def test_it_may_be_told_the_same_twice(instruments: Any):
    quotes_record(quotes=quotes_at())
    before = list(Quote.objects.order_by("pk").values())
    quotes_record(quotes=[*quotes_at(), *quotes_at()])
    assert list(Quote.objects.order_by("pk").values()) == before


def test_it_never_replaces_a_newer_quote(instruments: Any):
    late, early = quotes_at(TICK), quotes_at(TICK - 600)
    quotes_record(quotes=[*late, *early])
    quotes_record(quotes=early)
    assert quote_list() == late
    newest = quotes_at(TICK + 600)
    quotes_record(quotes=newest)
    assert quote_list() == newest


def test_it_keeps_every_digit(instruments: Any):
    price, volume = Decimal("987654321.12345"), Decimal("8765432109.8765")
    large = replace(quote_of("EUR-USD"), price=price, volume=volume)
    quotes_record(quotes=[large])
    assert quote_get(symbol="EUR-USD") == large


def test_a_loss_that_rounds_to_nothing_has_no_sign(instruments: Any):
    quote = quote_of("EUR-USD")
    close = Decimal("100000")
    message = market_update(replace(quote, previous_close=close, price=close - Decimal("0.000001")))
    assert (message.change, message.change_percent) == ("0.00000", "0.00")


def test_it_leaves_out_a_quote_that_would_not_fit(instruments: Any, caplog: Any):
    quotes = quotes_at()
    quotes_record(quotes=[replace(quotes[0], high=Decimal(10) ** 17), *quotes[1:]])
    assert quote_list() == quotes[1:]
    assert "not recorded" in caplog.text


def test_it_keeps_the_price_of_a_quote_whose_volume_would_not_fit(instruments: Any):
    quote = quote_of("EUR-USD")
    quotes_record(quotes=[replace(quote, volume=Decimal(10) ** 12)])
    assert quote_get(symbol="EUR-USD") == replace(quote, volume=None)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"previous_close": Decimal("0.00001"), "price": Decimal(10) ** 12}, "change_percent"),
        ({"market_cap": Decimal(10) ** 15}, "market_cap"),
    ],
)
def test_what_no_column_holds_of_a_quote_is_not_said_and_the_others_are_stored(
    given: dict[str, Any], kept: str, instruments: Any
):
    quotes = quotes_at()
    large = replace(quote_of("EUR-USD"), **given)
    quotes_record(quotes=[large, *(q for q in quotes if q.listing != large.listing)])
    assert Quote.objects.count() == len(quotes)
    row = Quote.objects.get(instrument__symbol="EUR-USD")
    assert (row.price, getattr(row, kept)) == (scale(large.price, 5), None)


def test_of_two_prices_of_one_time_the_last_one_is_kept(instruments: Any):
    quote = quote_of("BTC-USD")
    later = replace(quote, price=quote.price + 1)
    quotes_record(quotes=[quote])
    quotes_record(quotes=[later])
    assert quote_get(symbol="BTC-USD") == later


def test_it_keeps_what_a_source_does_not_say_apart_from_zero(instruments: Any):
    bare = replace(
        quote_of("SCOM"), open=None, high=None, low=None, previous_close=None, volume=None
    )
    quotes_record(quotes=[bare])
    assert quote_get(symbol="SCOM") == bare
    message = market_update(bare)
    assert (message.change, message.change_percent, message.open, message.volume) == (None,) * 4


def test_it_stores_that_a_price_is_no_longer_live(instruments: Any):
    quote = quote_of("BTC-USD")
    stale = replace(quote, feed=Feed.STALE)
    quotes_record(quotes=[quote])
    quotes_record(quotes=[stale])
    assert quote_get(symbol="BTC-USD") == stale


def test_it_does_nothing_without_quotes(db: Any, django_assert_num_queries: Any):
    with django_assert_num_queries(0):
        quotes_record(quotes=[])
        quotes_publish(quotes=[])


async def test_quotes_published_together_are_one_layer_message():
    layer: Any = get_channel_layer()
    loop = asyncio.get_running_loop()
    channel = await layer.new_channel()
    await layer.group_add(groups.topic_group("market"), channel)
    send.sender.attach(loop)
    try:
        quotes: list[LiveQuote] = [simulator.quote_at(item, TICK) for item in LISTINGS]
        quotes_publish(quotes=quotes)
        quotes_publish(quotes=quotes[:1])
        message = await asyncio.wait_for(layer.receive(channel), 20)
    finally:
        send.sender.detach(loop)
        await layer.group_discard(groups.topic_group("market"), channel)
    *batch, (rooms, key, wire_type, data) = message["messages"]
    assert len(batch) == 20
    assert list(rooms) == ["market_data", "market:crypto", "market:BTC-USD"]
    assert (key, wire_type) == ("BTC-USD", "market_update")
    assert json.loads(data)["price"] == f"{quotes[0].price:f}"
