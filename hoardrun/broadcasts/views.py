"""`POST /ws/broadcast/*`: staff speaks to the sockets. Thin callers of the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from hoardrun.api.throttles import BroadcastThrottle
from hoardrun.broadcasts import approval, services, state
from hoardrun.broadcasts.approval import Approver
from hoardrun.broadcasts.documentation import TAGS, broadcasting, deciding
from hoardrun.broadcasts.kinds import EVERYBODY, KINDS
from hoardrun.broadcasts.models import Broadcast, BroadcastDecision
from hoardrun.broadcasts.rules import (
    MayApprove,
    MayBroadcast,
    MaySeeWaiting,
    address_of,
)
from hoardrun.broadcasts.serializers import WaitingBroadcastOutput
from hoardrun.broadcasts.services import Order
from notifications.serializers import NoFields
from realtime.rest import idempotency
from realtime.rest.pagination import CursorOrWindow
from realtime.rest.serializers import checked
from realtime.rest.views import View, user_id


class _Limited(View):
    """Take small bodies, and from each user only so many as BROADCAST_RATE allows."""

    own_throttles = (BroadcastThrottle,)


class _BroadcastView(_Limited):
    """Check a request against its kind; the target may come in the query instead."""

    permission_classes = (MayBroadcast,)
    kind: ClassVar[str]

    @classmethod
    def parameters(cls, method: str) -> list[str]:
        # Without this, a misspelt `user_id` would turn a private message into one for everybody.
        target = KINDS[cls.kind].target
        return [target] if target is not None and method == "POST" else []

    def broadcast(self, request: Request) -> Response:
        data, order = self._checked(request), self._order(request)
        target = str(data.pop(KINDS[self.kind].target or "", EVERYBODY))
        outcome = services.broadcast_create(order=order, kind=self.kind, target=target, data=data)
        headers = {idempotency.REPLAYED: "true"} if outcome.replayed else {}
        return Response(outcome.result, status=202 if outcome.waiting else 200, headers=headers)

    def _checked(self, request: Request) -> dict[str, Any]:
        data, query, target = request.data, request.query_params, KINDS[self.kind].target
        if target is not None and target in query and isinstance(data, Mapping):
            if target in data:
                once = "Give it once, as a parameter or as a field."
                raise serializers.ValidationError({target: [once]})
            data = {**data, target: query[target]}
        return checked(KINDS[self.kind].serializer, data)

    def _order(self, request: Request) -> Order:
        return Order(user_id(request), address_of(request), idempotency.key_of(request))


class NotificationView(_BroadcastView):
    kind = "notification"

    @broadcasting(kind)
    def post(self, request: Request) -> Response:
        """Notify a user, in the inbox too, or without `user_id` everybody who is connected."""
        return self.broadcast(request)


class TransactionView(_BroadcastView):
    kind = "transaction"

    @broadcasting(kind)
    def post(self, request: Request) -> Response:
        """Push a transaction's state to its owner; no transaction is changed by it."""
        return self.broadcast(request)


class BalanceView(_BroadcastView):
    kind = "balance"

    @broadcasting(kind)
    def post(self, request: Request) -> Response:
        """Push an account's balances to its owner; no account is changed by it."""
        return self.broadcast(request)


class MarketView(_BroadcastView):
    kind = "market"

    @broadcasting(kind)
    def post(self, request: Request) -> Response:
        """Push a quote to a market room; nothing is stored but the record of it."""
        return self.broadcast(request)


class AnnouncementView(_BroadcastView):
    kind = "announcement"

    @broadcasting(kind)
    def post(self, request: Request) -> Response:
        """Announce something to everybody, now."""
        return self.broadcast(request)


class WaitingView(View, ListAPIView[Broadcast]):
    """List the broadcasts that wait for another person's approval, newest first."""

    permission_classes = (MaySeeWaiting,)
    serializer_class = WaitingBroadcastOutput
    filter_backends = ()
    pagination_class = CursorOrWindow

    def get_queryset(self) -> QuerySet[Broadcast]:
        return state.broadcasts_waiting().order_by("-id")

    @extend_schema(operation_id="broadcast_waiting", tags=TAGS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)


class _DecisionView(_Limited):
    permission_classes = (MayApprove,)

    def approver(self, request: Request) -> Approver:
        checked(NoFields, request.data)
        return Approver(user_id(request), address_of(request))


class ApproveView(_DecisionView):
    @deciding("approve")
    def post(self, request: Request, broadcast_id: int) -> Response:
        """Send a broadcast of somebody else that waits."""
        return _decided(
            approval.broadcast_approve(approver=self.approver(request), broadcast_id=broadcast_id)
        )


class RejectView(_DecisionView):
    @deciding("reject")
    def post(self, request: Request, broadcast_id: int) -> Response:
        """Decide that a broadcast of somebody else is never sent."""
        return _decided(
            approval.broadcast_reject(approver=self.approver(request), broadcast_id=broadcast_id)
        )


def _decided(decision: BroadcastDecision) -> Response:
    return Response(decision.result)
