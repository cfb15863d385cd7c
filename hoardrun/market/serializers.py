"""The shapes of the market's HTTP answers and queries."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, DecimalField
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from hoardrun.market.calendars import calendars
from hoardrun.market.engine.prices import Feed
from hoardrun.market.models import Instrument, Quote
from hoardrun.market.quotes import ListedQuote, LiveQuote, listed_quote
from realtime.protocol import codec
from realtime.rest.rows import RowOutput
from realtime.rest.serializers import StrictSerializer

MAX_SYMBOLS = 100  # as a watchlist holds


class InstrumentSerializer(serializers.ModelSerializer[Instrument]):
    status = serializers.SerializerMethodField(
        help_text="The state of its market, by its hours and holidays."
    )

    class Meta:
        model = Instrument
        fields = ("symbol", "name", "type", "currency", "decimals", "base", "status")

    @extend_schema_field(serializers.ChoiceField(Instrument.Status.choices))
    def get_status(self, instrument: Instrument) -> str:
        return calendars.status_of(instrument)


class MarketTypeQuery(StrictSerializer):
    """The type of an instrument; none means all."""

    type = serializers.ChoiceField(Instrument.Type.choices, required=False)


class QuotesQuery(MarketTypeQuery):
    symbols = serializers.CharField(
        required=False, max_length=2100, help_text="Comma-separated, at most 100."
    )

    def validate_symbols(self, value: str) -> list[str]:
        symbols = [symbol.strip() for symbol in value.split(",") if symbol.strip()]
        if len(symbols) > MAX_SYMBOLS:
            raise serializers.ValidationError(f"Ask for at most {MAX_SYMBOLS} symbols at once.")
        return symbols


class QuoteSerializer(RowOutput):
    """A quote; prices are strings in `currency`, with the instrument's decimals."""

    payload = listed_quote
    serializer_field_mapping = {
        **RowOutput.serializer_field_mapping,
        DecimalField: serializers.CharField,
        BigIntegerField: serializers.CharField,
    }
    symbol = serializers.CharField()
    name = serializers.CharField()
    type = serializers.ChoiceField(Instrument.Type.choices)
    currency = serializers.CharField()
    status = serializers.ChoiceField(Instrument.Status.choices)
    timestamp = serializers.DateTimeField()
    feed = serializers.ChoiceField([each.value for each in Feed])
    window = serializers.ChoiceField(Quote.Window.choices)

    class Meta:
        model = Quote
        fields = ListedQuote.__struct_fields__


class MarketDataQuery(StrictSerializer):
    symbol = serializers.CharField(required=False, max_length=20)
    type = serializers.ChoiceField(["quote", "daily"], default="quote")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["type"] == "daily" and "symbol" not in attrs:
            raise serializers.ValidationError({"symbol": "type=daily needs a symbol."})
        return attrs


class MarketQuoteSerializer(serializers.Serializer[Any]):
    """A quote for the existing front end: numbers, and `close` is the previous close."""

    symbol = serializers.CharField(source="listing.symbol")
    price = serializers.FloatField()
    change = serializers.FloatField()
    changePercent = serializers.FloatField(source="change_percent")
    volume = serializers.FloatField()
    marketCap = serializers.FloatField(source="market_cap", required=False)
    high = serializers.FloatField()
    low = serializers.FloatField()
    open = serializers.FloatField()
    close = serializers.FloatField(source="previous_close")
    timestamp = serializers.DateTimeField(source="as_of")

    def to_representation(self, instance: LiveQuote) -> dict[str, Any]:
        data = super().to_representation(instance)
        data["timestamp"] = codec.timestamp(instance.as_of)
        return {name: value for name, value in data.items() if value is not None}


class MarketDaySerializer(serializers.Serializer[Any]):
    """One day for the existing front end: numbers."""

    date = serializers.DateField()
    open = serializers.FloatField()
    high = serializers.FloatField()
    low = serializers.FloatField()
    close = serializers.FloatField()
    volume = serializers.FloatField()
