"""`POST /ws/broadcast/*`: staff speaks to the sockets. Thin callers of the services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
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


def broadcast_view(name: str) -> type[View]:
    """Make the view of a kind, which sends what its serializer lets through."""
    kind = KINDS[name]

    class BroadcastView(View):
        permission_classes = (MayBroadcast,)
        own_throttles = (BroadcastThrottle,)

        @classmethod
        def parameters(cls, method: str) -> list[str]:
            # Without this, a misspelt `user_id` would turn a private message into one for all.
            return [kind.target] if kind.target is not None and method == "POST" else []

        @extend_schema(**broadcasting(name))
        def post(self, request: Request) -> Response:
            data = checked(kind.serializer, _with_target(request, kind.target))
            outcome = services.broadcast_create(
                author=staff_of(request),
                kind=name,
                target=str(data.pop(kind.target or "", EVERYBODY)),
                data=data,
                key=idempotency.key_of(request),
            )
            headers = {idempotency.REPLAYED: "true"} if outcome.replayed else {}
            status = 202 if outcome.waiting else 200
            return Response(outcome.result, status=status, headers=headers)

    return BroadcastView


def _with_target(request: Request, target: str | None) -> Any:
    """Return the body of a request; the target may come in the query instead."""
    data, query = request.data, request.query_params
    if target is None or target not in query or not isinstance(data, Mapping):
        return data
    if target in data:
        once = "Give it once, as a parameter or as a field."
        raise serializers.ValidationError({target: [once]})
    return {**data, target: query[target]}


@extend_schema_view(get=extend_schema(operation_id="broadcast_waiting", tags=TAGS))
class WaitingView(View, ListAPIView[Broadcast]):
    """List the broadcasts that wait for another person's approval, newest first."""

    permission_classes = (MaySeeWaiting,)
    serializer_class = WaitingBroadcastOutput
    pagination_class = CursorOrWindow

    def get_queryset(self) -> QuerySet[Broadcast]:
        return state.broadcasts_waiting().order_by("-id")


class _DecisionView(View):
    permission_classes = (MayApprove,)
    own_throttles = (BroadcastThrottle,)

    def decide(self, request: Request, broadcast_id: int, service: Callable[..., Any]) -> Response:
        checked(NoFields, request.data)
        decision = service(approver=staff_of(request), broadcast_id=broadcast_id)
        return Response(decision.result)


class ApproveView(_DecisionView):
    @extend_schema(**deciding("approve"))
    def post(self, request: Request, broadcast_id: int) -> Response:
        """Send a broadcast of somebody else that waits."""
        return self.decide(request, broadcast_id, broadcast_approve)


class RejectView(_DecisionView):
    @extend_schema(**deciding("reject"))
    def post(self, request: Request, broadcast_id: int) -> Response:
        """Decide that a broadcast of somebody else is never sent."""
        return self.decide(request, broadcast_id, broadcast_reject)
