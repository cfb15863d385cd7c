"""The shapes of the queries and answers about candles."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from hoardrun.market.candles.pages import DEFAULT_LIMIT, MAX_LIMIT
from hoardrun.market.candles.spans import INTERVALS, microseconds
from realtime.rest.serializers import StrictSerializer, WholeNumber

_FIRST_YEAR = 1970  # of what `spans` counts
_LAST_YEAR = 9998


class _Moment(serializers.DateTimeField):
    default_error_messages = {
        "invalid": "Give a moment such as 2026-01-31T12:00:00Z, or a date.",
        "overflow": f"Give a moment from {_FIRST_YEAR} to {_LAST_YEAR}.",
    }

    def to_internal_value(self, value: Any) -> datetime:
        found: datetime = super().to_internal_value(value.strip())
        if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
            self.fail("overflow")
        return found


class CandlesQuery(StrictSerializer):
    """What candles to list; without `from` and `to` the newest."""

    interval = serializers.ChoiceField(list(INTERVALS), default="1m")
    limit = WholeNumber(min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT)
    cursor = serializers.CharField(
        required=False, max_length=20, help_text="`next` of the page before."
    )
    fill = serializers.ChoiceField(
        ["none", "previous"],
        default="none",
        help_text="`previous`: spans without a price repeat the last one, with volume 0.",
    )

    def get_fields(self) -> dict[str, Any]:
        # Here, since `from` cannot be the name of an attribute.
        since = _Moment(
            source="since",
            required=False,
            help_text="The first bucket; the next page is newer.",
        )
        until = _Moment(
            source="until", required=False, help_text="Buckets before it; the next page is older."
        )
        return {**super().get_fields(), "from": since, "to": until}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Give times as whole microseconds."""
        is_filled = attrs.pop("fill") == "previous"
        found = {**attrs, "is_filled": is_filled}
        for name in ("since", "until"):
            if name in found:
                found[name] = microseconds(found[name])
        if "since" in found and "until" in found and found["since"] >= found["until"]:
            raise serializers.ValidationError({"to": "Give a moment after `from`."})
        return found


class CandleSerializer(serializers.Serializer[Any]):
    """A candle; prices are strings with the instrument's decimals."""

    time = serializers.DateTimeField(
        help_text="When the span begins; of a day or longer, its first date at midnight in UTC."
    )
    open = serializers.CharField()
    high = serializers.CharField()
    low = serializers.CharField()
    close = serializers.CharField()
    volume = serializers.CharField(allow_null=True, help_text="Null if it is not known.")
    trades = serializers.IntegerField(allow_null=True, help_text="Null if it is not known.")
    closed = serializers.BooleanField(help_text="The span has ended.")
    revision = serializers.IntegerField(help_text="Changes since it was first closed.")
    revised = serializers.BooleanField(help_text="It has changed since it was first closed.")
    indicative = serializers.BooleanField(help_text="Of quoted prices: no trades are known.")
    source = serializers.CharField()  # type: ignore[assignment]  # DRF takes it out of the class


class CandlePageSerializer(serializers.Serializer[Any]):
    """Candles ascending; a span without a price has none."""

    symbol = serializers.CharField()
    interval = serializers.ChoiceField(list(INTERVALS))
    decimals = serializers.IntegerField()
    currency = serializers.CharField()
    candles = CandleSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="The `cursor` of the next page.")
