"""The HTTP API of watchlists: thin callers of selectors and services."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hoardrun.market.watchlists import selectors, services
from hoardrun.market.watchlists.serializers import (
    WatchlistChangeInput,
    WatchlistInput,
    WatchlistOutput,
)
from realtime.rest import idempotency
from realtime.rest.serializers import checked
from realtime.rest.views import View, user_id

_UNKNOWN_SYMBOL = "No active instrument has one of the `symbols`."
_UNKNOWN = OpenApiResponse(description="You have no such list.")


class WatchlistListView(View):
    @extend_schema(operation_id="watchlists_list", responses=WatchlistOutput(many=True))
    def get(self, request: Request) -> Response:
        """List your watchlists, oldest first."""
        found = selectors.watchlists_list(user_id(request))
        return Response(WatchlistOutput(found, many=True).data)

    @extend_schema(
        operation_id="watchlists_create",
        request=WatchlistInput,
        responses={
            201: WatchlistOutput,
            404: OpenApiResponse(description=_UNKNOWN_SYMBOL),
            409: OpenApiResponse(description="There are too many (`watchlist_limit`)."),
        },
    )
    def post(self, request: Request) -> Response:
        """Create a list. The room `watchlist:<id>` has the prices of its symbols."""
        idempotency.refuse(request, "Repeated, it creates another one.")
        wanted = checked(WatchlistInput, request.data)
        row = services.watchlist_create(user_id=user_id(request), **wanted)
        return Response(WatchlistOutput(row).data, status=201)


class WatchlistView(View):
    @extend_schema(
        operation_id="watchlists_retrieve", responses={200: WatchlistOutput, 404: _UNKNOWN}
    )
    def get(self, request: Request, watchlist_id: str) -> Response:
        """Return one of your watchlists."""
        row = selectors.watchlist_get(user_id=user_id(request), watchlist_id=watchlist_id)
        return Response(WatchlistOutput(row).data)

    @extend_schema(
        operation_id="watchlists_partial_update",
        request=WatchlistChangeInput,
        responses={
            200: WatchlistOutput,
            404: OpenApiResponse(description=f"You have no such list. Or: {_UNKNOWN_SYMBOL}"),
            412: OpenApiResponse(description="It has changed since; `version` is the newest."),
        },
    )
    def patch(self, request: Request, watchlist_id: str) -> Response:
        """Change the name of a list, or all its symbols. 412: it has changed since `version`."""
        wanted = checked(WatchlistChangeInput, request.data)
        row = services.watchlist_change(
            user_id=user_id(request), watchlist_id=watchlist_id, **wanted
        )
        return Response(WatchlistOutput(row).data)

    @extend_schema(operation_id="watchlists_destroy", responses={204: None, 404: _UNKNOWN})
    def delete(self, request: Request, watchlist_id: str) -> Response:
        """Remove one of your watchlists."""
        services.watchlist_remove(user_id=user_id(request), watchlist_id=watchlist_id)
        return Response(status=204)
