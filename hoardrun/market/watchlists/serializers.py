"""The shapes of watchlists over HTTP."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from hoardrun.market.watchlists.models import NAME_LENGTH, Watchlist
from hoardrun.market.watchlists.selectors import symbols_of
from hoardrun.market.watchlists.services import MAX_SYMBOLS
from realtime.protocol import codec
from realtime.rest.serializers import StrictSerializer, WholeNumber


class _Symbols(serializers.ListField):
    def __init__(self, **options: object) -> None:
        super().__init__(
            child=serializers.CharField(max_length=20), max_length=MAX_SYMBOLS, required=False
        )


class WatchlistInput(StrictSerializer):
    name = serializers.CharField(max_length=NAME_LENGTH)
    symbols = _Symbols(help_text="In the order in which they are shown.")


class WatchlistChangeInput(StrictSerializer):
    version = WholeNumber(min_value=1, help_text="The version that you change.")
    name = serializers.CharField(max_length=NAME_LENGTH, required=False)
    symbols = _Symbols(help_text="All of them, in their order.")


class WatchlistOutput(serializers.ModelSerializer[Watchlist]):
    id = serializers.CharField()
    symbols = serializers.SerializerMethodField(help_text="In the order of the list.")
    version = serializers.IntegerField()  # its default would make it an optional one
    created_at = serializers.SerializerMethodField()

    class Meta:
        model = Watchlist
        fields = ("id", "name", "symbols", "version", "created_at")

    def get_symbols(self, row: Watchlist) -> list[str]:
        return symbols_of(row)

    @extend_schema_field(serializers.DateTimeField)
    def get_created_at(self, row: Watchlist) -> str:
        return codec.timestamp(row.created_at)
