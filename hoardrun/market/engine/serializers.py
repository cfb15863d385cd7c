"""The shape of a source in an answer of the HTTP API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hoardrun.market.engine.messages import MarketFeed
from hoardrun.market.engine.overview import is_delayed


class FeedSerializer(serializers.Serializer[Any]):
    """A source of prices, as customers may know of it."""

    name = serializers.CharField(help_text="Such as `kraken`.")
    state = serializers.CharField(
        help_text="`live`, `partly` live, `delayed`, `stale`, `closed`, `connecting`, `waiting`, "
        "`stopped` or `leaderless`."
    )
    delayed = serializers.SerializerMethodField(help_text="By its own account.")
    since = serializers.DateTimeField(allow_null=True, help_text="Time since which it is so.")

    def get_delayed(self, feed: MarketFeed) -> bool:
        return is_delayed(feed.name)
