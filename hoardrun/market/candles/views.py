"""The HTTP API of candles: a thin caller of `pages`."""

from __future__ import annotations

import msgspec
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hoardrun.market.candles.messages import listed_candle
from hoardrun.market.candles.pages import candle_page
from hoardrun.market.candles.serializers import CandlePageSerializer, CandlesQuery
from realtime.rest.views import View


class CandleListView(View):
    queries = {"GET": CandlesQuery}

    @extend_schema(
        operation_id="candles_list",
        tags=["market"],
        responses={
            200: CandlePageSerializer,
            400: OpenApiResponse(description="A parameter is wrong; the problem names it."),
            404: OpenApiResponse(description="No active instrument has this symbol."),
        },
    )
    def get(self, request: Request, symbol: str) -> Response:
        """List an instrument's candles, ascending: prices are strings, as on the socket."""
        query = self.asked(request)
        page = candle_page(symbol=symbol, **query)
        listing = page.listing
        candles = [listed_candle(drawn, listing.decimals) for drawn in page.candles]
        return Response(
            {
                "symbol": listing.symbol,
                "interval": query["interval"],
                "decimals": listing.decimals,
                "currency": listing.currency,
                "candles": msgspec.to_builtins(candles),
                "next": page.next,
            }
        )
