"""The HTTP API of fallbacks, for staff: thin callers of the services."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.fallbacks import selectors, services
from notifications.fallbacks.errors import FallbackNotFound
from notifications.fallbacks.serializers import FallbackOutput
from notifications.serializers import NoFields
from realtime.core.text import row_id
from realtime.rest.permissions import StaffWith
from realtime.rest.serializers import checked
from realtime.rest.views import View, user_id


class _MayRequestOrApprove(StaffWith):
    rights = (services.REQUEST, services.APPROVE)


class _MayApprove(StaffWith):
    rights = (services.APPROVE,)


class FallbackView(View):
    permission_classes = (_MayRequestOrApprove,)

    @extend_schema(operation_id="fallback_retrieve", responses=FallbackOutput)
    def get(self, request: Request, announcement_id: str) -> Response:
        """Show the SMS after an emergency announcement: their cost at most, and how far they are.

        Needs `notifications.request_fallback` or `notifications.approve_fallback`.
        """
        return _answer(_id(announcement_id))


class FallbackApproveView(View):
    permission_classes = (_MayApprove,)

    @extend_schema(operation_id="fallback_approve", request=None, responses=FallbackOutput)
    def post(self, request: Request, announcement_id: str) -> Response:
        """Approve the SMS that another person has asked for.

        Needs `notifications.approve_fallback`.
        """
        checked(NoFields, request.data)
        services.fallback_approve(announcement_id=_id(announcement_id), user_id=user_id(request))
        return _answer(_id(announcement_id))


class FallbackCancelView(View):
    permission_classes = (_MayRequestOrApprove,)

    @extend_schema(operation_id="fallback_cancel", request=None, responses=FallbackOutput)
    def post(self, request: Request, announcement_id: str) -> Response:
        """Send no more of these SMS.

        Needs `notifications.request_fallback` or `notifications.approve_fallback`.
        """
        checked(NoFields, request.data)
        services.fallback_cancel(announcement_id=_id(announcement_id), user_id=user_id(request))
        return _answer(_id(announcement_id))


def _id(text: str) -> int:
    found = row_id(text)
    if found is None:
        raise FallbackNotFound(text[:20])
    return found


def _answer(announcement_id: int) -> Response:
    return Response(FallbackOutput(selectors.fallback_get(announcement_id)).data)
