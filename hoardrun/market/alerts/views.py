"""The HTTP API of price alerts: thin callers of selectors and services."""

from __future__ import annotations

from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hoardrun.market.alerts import selectors, services
from hoardrun.market.alerts.models import PriceAlert
from hoardrun.market.alerts.serializers import (
    AlertChangeInput,
    AlertInput,
    AlertOutput,
    AlertsQuery,
)
from realtime.rest import idempotency
from realtime.rest.serializers import checked
from realtime.rest.views import View, user_id

_FIRING = {"if_true"}
_UNKNOWN_SYMBOL = OpenApiResponse(description="No active instrument has this symbol.")
_UNKNOWN = OpenApiResponse(description="You have no such alert.")
_ALREADY_TRUE = "It is so already, at `current` (`already_true`)."
_CHANGED = OpenApiResponse(description="It has changed or fired since; `version` is the newest.")


class AlertListView(View):
    queries = {"GET": AlertsQuery}

    @extend_schema(
        operation_id="price_alerts_list",
        responses={200: AlertOutput(many=True), 404: _UNKNOWN_SYMBOL},
    )
    def get(self, request: Request) -> Response:
        """List your alerts, newest first."""
        found = selectors.alerts_list(user_id(request), **self.asked(request))
        return Response(msgspec.to_builtins(selectors.alerts_shown(found)))

    @extend_schema(
        operation_id="price_alerts_create",
        request=AlertInput,
        responses={
            201: AlertOutput,
            404: _UNKNOWN_SYMBOL,
            409: OpenApiResponse(
                description=f"{_ALREADY_TRUE} Or there are too many (`alert_limit`)."
            ),
        },
    )
    def post(self, request: Request) -> Response:
        """Wait for a price, a change or a volume.

        What is so already is answered with 409 and `already_true`; with `if_true` as `fire`, you
        are told at once. An alert is `pending` until the engine watches it, within a second.
        """
        idempotency.refuse(request, "Repeated, it creates another one.")
        wanted = checked(AlertInput, request.data)
        row = services.alert_create(user_id=user_id(request), **wanted)
        return Response(_shown(row), status=201)


class AlertView(View):
    @extend_schema(
        operation_id="price_alerts_retrieve", responses={200: AlertOutput, 404: _UNKNOWN}
    )
    def get(self, request: Request, alert_id: str) -> Response:
        """Return one of your alerts."""
        return Response(_shown(selectors.alert_get(user_id=user_id(request), alert_id=alert_id)))

    @extend_schema(
        operation_id="price_alerts_partial_update",
        request=AlertChangeInput,
        responses={
            200: AlertOutput,
            404: _UNKNOWN,
            409: OpenApiResponse(description=_ALREADY_TRUE),
            412: _CHANGED,
        },
    )
    def patch(self, request: Request, alert_id: str) -> Response:
        """Change one of your alerts; another threshold arms it anew.

        `version` is that of the alert as you have seen it; if it has changed since, or has fired,
        the answer is 412.
        """
        wanted = checked(AlertChangeInput, request.data)
        version = wanted.pop("version")
        firing = {name: wanted.pop(name) for name in _FIRING & wanted.keys()}
        row = services.alert_change(
            user_id=user_id(request), alert_id=alert_id, version=version,
            changes=wanted, **firing,
        )  # fmt: skip
        return Response(_shown(row))

    @extend_schema(operation_id="price_alerts_destroy", responses={204: None, 404: _UNKNOWN})
    def delete(self, request: Request, alert_id: str) -> Response:
        """Remove one of your alerts."""
        services.alert_remove(user_id=user_id(request), alert_id=alert_id)
        return Response(status=204)


def _shown(row: PriceAlert) -> Any:
    [fields] = selectors.alerts_shown([row])
    return msgspec.to_builtins(fields)
