"""`POST /ws/broadcast/*`: staff speaks to the sockets. Thin callers of the services."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hoardrun.api.broadcast import services
from hoardrun.api.broadcast.serializers import (
    AnnouncementBroadcast,
    BalanceBroadcast,
    BroadcastOutput,
    MarketBroadcast,
    NotificationBroadcast,
    TransactionBroadcast,
)
from hoardrun.api.broadcast.services import Order, Outcome
from realtime.rest.serializers import StrictSerializer

KEY = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
Method = TypeVar("Method", bound=Callable[..., Response])
_KEY_FORM = re.compile(r"[!-~]{1,200}")  # visible ASCII: what a header carries unchanged


def _documented(
    name: str, kind: type[StrictSerializer], target: str | None
) -> Callable[[Method], Method]:
    """Describe a broadcast: its body, whom it is for, and its key."""
    parameters = [
        OpenApiParameter(
            KEY,
            str,
            OpenApiParameter.HEADER,
            description="Repeat the request with the same key: it is broadcast once, and the "
            "first answer comes back.",
        ),
        OpenApiParameter(
            REPLAYED, str, OpenApiParameter.HEADER, response=[200], description="`true`"
        ),
    ]
    if target is not None:
        parameters.append(
            OpenApiParameter(
                target,
                int if target == "user_id" else str,
                description="The same as the field; give one of them.",
            )
        )
    decorate: Callable[[Method], Method] = extend_schema(
        operation_id=f"broadcast_{name}",
        request=kind,
        responses=BroadcastOutput,
        parameters=parameters,
        tags=["broadcast"],
    )
    return decorate


class _BroadcastView(APIView):
    """Check a request against `serializer`; `target` may come in the query instead."""

    permission_classes = (IsAdminUser,)
    serializer: ClassVar[type[StrictSerializer]]
    target: ClassVar[str | None] = None

    def checked(self, request: Request) -> dict[str, Any]:
        data, query = request.data, request.query_params
        # A misspelt `user_id` must never turn a private message into one for everybody.
        if surplus := set(query) - {self.target}:
            raise serializers.ValidationError(
                {str(name)[:64]: ["Unknown parameter."] for name in sorted(surplus)}
            )
        if self.target is not None and self.target in query and isinstance(data, Mapping):
            target = query.getlist(self.target)
            if self.target in data or len(target) > 1:
                once = "Give it once, as a parameter or as a field."
                raise serializers.ValidationError({self.target: [once]})
            data = {**data, self.target: target[0]}
        given = self.serializer(data=data)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def order(self, request: Request) -> Order:
        key = request.headers.get(KEY)
        if key is not None and not _KEY_FORM.fullmatch(key):
            raise serializers.ValidationError({KEY: ["Use 1 to 200 visible ASCII characters."]})
        assert request.user.pk is not None  # IsAdminUser let the request in
        return Order(author_id=request.user.pk, idempotency_key=key)


class NotificationView(_BroadcastView):
    serializer = NotificationBroadcast
    target = "user_id"

    @_documented("notification", serializer, target)
    def post(self, request: Request) -> Response:
        """Notify a user, who finds it in the inbox too, or everybody who is connected."""
        data, order = self.checked(request), self.order(request)
        user_id = data.pop("user_id", None)
        return _answer(services.broadcast_notification(order=order, data=data, user_id=user_id))


class TransactionView(_BroadcastView):
    serializer = TransactionBroadcast
    target = "user_id"

    @_documented("transaction", serializer, target)
    def post(self, request: Request) -> Response:
        """Push a transaction's state to its owner; no transaction is changed by it."""
        data, order = self.checked(request), self.order(request)
        user_id = data.pop("user_id")
        return _answer(services.broadcast_transaction(order=order, data=data, user_id=user_id))


class BalanceView(_BroadcastView):
    serializer = BalanceBroadcast
    target = "user_id"

    @_documented("balance", serializer, target)
    def post(self, request: Request) -> Response:
        """Push an account's balances to its owner; no account is changed by it."""
        data, order = self.checked(request), self.order(request)
        user_id = data.pop("user_id")
        return _answer(services.broadcast_balance(order=order, data=data, user_id=user_id))


class MarketView(_BroadcastView):
    serializer = MarketBroadcast
    target = "room"

    @_documented("market", serializer, target)
    def post(self, request: Request) -> Response:
        """Push a quote to a market room; nothing is stored but the record of it."""
        data, order = self.checked(request), self.order(request)
        room = data.pop("room")
        return _answer(services.broadcast_market(order=order, data=data, room=room))


class AnnouncementView(_BroadcastView):
    serializer = AnnouncementBroadcast

    @_documented("announcement", serializer, None)
    def post(self, request: Request) -> Response:
        """Announce something to everybody, now."""
        data, order = self.checked(request), self.order(request)
        return _answer(services.broadcast_announcement(order=order, data=data))


def _answer(outcome: Outcome) -> Response:
    headers = {REPLAYED: "true"} if outcome.replayed else {}
    return Response(outcome.result, headers=headers)
