"""The HTTP API of sources."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hoardrun.market.engine.leases import ENGINE
from hoardrun.market.engine.overview import feed_list
from hoardrun.market.engine.serializers import FeedSerializer
from realtime.rest.views import View


class FeedListView(View):
    @extend_schema(
        operation_id="feeds_list",
        tags=["market"],
        responses={200: FeedSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """List the sources of prices that are set up, by name, and how they are."""
        found = [feed for feed in feed_list() if feed.name != ENGINE]
        return Response(FeedSerializer(found, many=True).data)
