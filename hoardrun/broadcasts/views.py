"""`POST /ws/broadcast/*`: staff speaks to the sockets. Thin callers of the services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from hoardrun.api.throttles import BroadcastThrottle
from hoardrun.broadcasts import services, state
from hoardrun.broadcasts.approval import broadcast_approve, broadcast_reject
from hoardrun.broadcasts.documentation import TAGS, broadcasting, deciding
from hoardrun.broadcasts.kinds import EVERYBODY, KINDS
from hoardrun.broadcasts.models import Broadcast
from hoardrun.broadcasts.rules import MayApprove, MayBroadcast, MaySeeWaiting, staff_of
from hoardrun.broadcasts.serializers import WaitingBroadcastOutput
from notifications.serializers import NoFields
from realtime.rest import idempotency
from realtime.rest.pagination import CursorOrWindow
from realtime.rest.serializers import checked
from realtime.rest.views import View


class _BroadcastView(View):
    """Check a request against its kind; the target may come in the query instead."""

    permission_classes = (MayBroadcast,)
    own_throttles = (BroadcastThrottle,)
    kind: ClassVar[str]

    @classmethod
    def parameters(cls, method: str) -> list[str]:
        # Without this, a misspelt `user_id` would turn a private message into one for everybody.
        target = KINDS[cls.kind].target
        return [target] if target is not None and method == "POST" else []

    def broadcast(self, request: Request) -> Response:
        data = self._checked(request)
        outcome = services.broadcast_create(
            author=staff_of(request),
            kind=self.kind,
            target=str(data.pop(KINDS[self.kind].target or "", EVERYBODY)),
            data=data,
            key=idempotency.key_of(request),
        )
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


def broadcast_view(name: str) -> type[View]:
    """Make the view of a kind."""

    class BroadcastView(_BroadcastView):
        kind = name

        @broadcasting(name)
        def post(self, request: Request) -> Response:
            return self.broadcast(request)

    return BroadcastView


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


class _DecisionView(View):
    permission_classes = (MayApprove,)
    own_throttles = (BroadcastThrottle,)

    def decide(self, request: Request, broadcast_id: int, service: Callable[..., Any]) -> Response:
        checked(NoFields, request.data)
        decision = service(approver=staff_of(request), broadcast_id=broadcast_id)
        return Response(decision.result)


class ApproveView(_DecisionView):
    @deciding("approve")
    def post(self, request: Request, broadcast_id: int) -> Response:
        """Send a broadcast of somebody else that waits."""
        return self.decide(request, broadcast_id, broadcast_approve)


class RejectView(_DecisionView):
    @deciding("reject")
    def post(self, request: Request, broadcast_id: int) -> Response:
        """Decide that a broadcast of somebody else is never sent."""
        return self.decide(request, broadcast_id, broadcast_reject)
