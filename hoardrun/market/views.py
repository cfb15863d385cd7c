"""The HTTP API of the market: thin callers of selectors."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import (
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
)
from rest_framework.request import Request
from rest_framework.response import Response

from hoardrun.market import selectors
from hoardrun.market.quotes import ListedQuote, listed_quote
from hoardrun.market.serializers import (
    InstrumentSerializer,
    MarketDataQuery,
    MarketDaySerializer,
    MarketQuoteSerializer,
    MarketTypeQuery,
    QuoteSerializer,
    QuotesQuery,
)
from realtime.rest.hot import HotRead
from realtime.rest.views import View

_BAD_QUERY = OpenApiResponse(description="A parameter is wrong; the problem names it.")
_UNKNOWN = OpenApiResponse(description="No active instrument has this symbol, or no quote yet.")


class InstrumentListView(View):
    queries = {"GET": MarketTypeQuery}

    @extend_schema(
        operation_id="instruments_list",
        tags=["market"],
        responses={200: InstrumentSerializer(many=True), 400: _BAD_QUERY},
    )
    def get(self, request: Request) -> Response:
        """List the active instruments, by symbol."""
        found = selectors.instrument_list(**self.asked(request))
        return Response(InstrumentSerializer(found, many=True).data)


class InstrumentDetailView(View):
    @extend_schema(
        operation_id="instruments_retrieve",
        tags=["market"],
        responses={200: InstrumentSerializer, 404: _UNKNOWN},
    )
    def get(self, request: Request, symbol: str) -> Response:
        """Return one instrument."""
        return Response(InstrumentSerializer(selectors.instrument_get(symbol=symbol)).data)


class QuoteListView(HotRead):
    queries = {"GET": QuotesQuery}

    @classmethod
    def hot(cls, user_id: int, **filters: Any) -> list[ListedQuote]:
        return list(map(listed_quote, selectors.quote_list(**filters)))

    @extend_schema(
        operation_id="quotes_list",
        tags=["market"],
        responses={200: QuoteSerializer(many=True), 400: _BAD_QUERY, 404: _UNKNOWN},
    )
    def get(self, request: Request) -> Response:
        """List the newest quotes, by symbol; prices are strings, as on the socket."""
        return super().get(request)


class MarketDataView(View):
    """The path of the existing front end. It answers numbers; all others answer strings."""

    queries = {"GET": MarketDataQuery}

    @extend_schema(
        operation_id="market_data_retrieve",
        tags=["market"],
        summary="Return quotes or days as floats, for old clients",
        deprecated=True,
        description=(
            "What the existing front end calls, and for nothing else: its **floats** lose "
            "digits. New clients use `quotes`, whose prices are exact strings. With `symbol`, "
            "one quote, or with `type=daily` the last 30 days, oldest first, as far as they are "
            "known; without it, all quotes."
        ),
        responses={
            200: PolymorphicProxySerializer(
                component_name="MarketData",
                serializers=[
                    MarketQuoteSerializer,
                    MarketQuoteSerializer(many=True),
                    MarketDaySerializer(many=True),
                ],
                resource_type_field_name=None,
                many=False,
            ),
            400: _BAD_QUERY,
            404: _UNKNOWN,
        },
    )
    def get(self, request: Request) -> Response:
        query = self.asked(request)
        symbol = query.get("symbol")
        if symbol is None:
            return Response(MarketQuoteSerializer(selectors.quote_list(), many=True).data)
        if query["type"] == "daily":
            days = selectors.daily_list(symbol=symbol)
            return Response(MarketDaySerializer(days, many=True).data)
        return Response(MarketQuoteSerializer(selectors.quote_get(symbol=symbol)).data)
