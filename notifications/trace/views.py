"""The HTTP API of traces."""

from __future__ import annotations

from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.trace.serializers import TraceOutput, TraceQuery
from notifications.trace.services import MAY_READ, MAY_TRACE, trace_look
from realtime.errors import Forbidden
from realtime.rest.permissions import StaffWith, staff_may
from realtime.rest.views import View, user_id

DOOR = "over the API"


class _MayTrace(StaffWith):
    rights = (MAY_TRACE,)


class TraceView(View):
    permission_classes = (_MayTrace,)
    queries = {"GET": TraceQuery}

    def cost(self, request: Request) -> int:
        return 5

    @extend_schema(operation_id="notifications_trace", responses=TraceOutput)
    def get(self, request: Request, notification_id: str) -> Response:
        """Say why a user got a notification, or did not. Needs `notifications.trace_notification`.

        What was committed, the sockets then and now, each rung of the ladder with what decided it,
        calls, receipts and digests; addresses are masked. The admin's log keeps who looked.
        """
        wanted: bool = self.asked(request)["content"]
        if wanted and not staff_may(request.user, MAY_READ):
            raise Forbidden(f"The text needs {MAY_READ} as well; leave ?content out.")
        found = trace_look(notification_id, by=user_id(request), door=DOOR, with_content=wanted)
        answer: dict[str, Any] = msgspec.to_builtins(found)
        return Response(answer)
