"""The HTTP API of staff's list of payments: thin callers of selectors and services."""

from __future__ import annotations

from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hoardrun.payments.models import StaffDecision
from hoardrun.payments.queue import rights, services
from hoardrun.payments.queue.selectors import queue_get
from hoardrun.payments.queue.serializers import (
    ApprovalInput,
    DecisionInput,
    DecisionOutput,
    QueueOutput,
    QueueQuery,
    WhyOutput,
    WhyQuery,
)
from hoardrun.payments.queue.tracing import decision_shown
from realtime.errors import Forbidden
from realtime.rest import idempotency
from realtime.rest.permissions import StaffWith, staff_may
from realtime.rest.serializers import checked
from realtime.rest.views import View, user_id

DOOR = "over the API"
_ONCE = "One action at a time is asked for: repeated, it is answered with 409."


class _MaySee(StaffWith):
    rights = (rights.MAY_SEE,)


class _MayTrace(StaffWith):
    rights = (rights.MAY_TRACE,)


class _MayAsk(StaffWith):
    rights = (rights.MAY_ASK,)


class _MayAskOrDecide(StaffWith):
    rights = (rights.MAY_ASK, rights.MAY_DECIDE)


class QueueView(View):
    permission_classes = (_MaySee,)
    queries = {"GET": QueueQuery}

    def cost(self, request: Request) -> int:
        return 3

    @extend_schema(operation_id="payments_queue", responses=QueueOutput)
    def get(self, request: Request) -> Response:
        """List the payments that wait for staff, the longest wait first.

        Needs `payments.view_providerpayment`. `counts` and `unmatched` are of all that waits.
        """
        return Response(_json(queue_get(**self.asked(request))))


class WhyView(View):
    permission_classes = (_MayTrace,)
    queries = {"GET": WhyQuery}

    def cost(self, request: Request) -> int:
        return 5

    @extend_schema(operation_id="payments_why", responses=WhyOutput)
    def get(self, request: Request, payment_id: str) -> Response:
        """Say why any user's payment is where it is. Needs `payments.view_paymentstep`.

        What was said of it, what followed, each callback, and what staff may do. What tells of a
        person is masked. The admin's log keeps who looked.
        """
        wanted: bool = self.asked(request)["content"]
        if wanted and not staff_may(request.user, rights.MAY_READ):
            raise Forbidden(f"Whole bodies need {rights.MAY_READ} as well; leave ?content out.")
        found = services.payment_look(
            payment_id, by=user_id(request), door=DOOR, with_content=wanted
        )
        return Response(_json(found))


class DecisionListView(View):
    permission_classes = (_MayAsk,)

    @extend_schema(
        operation_id="decisions_create",
        request=DecisionInput,
        responses={201: DecisionOutput},
    )
    def post(self, request: Request, payment_id: str) -> Response:
        """Ask for an action on a payment that waits for staff; another person decides.

        Needs `payments.add_staffdecision`. Nobody asks for one on a payment of their own.
        """
        idempotency.refuse(request, _ONCE)
        wanted = checked(DecisionInput, request.data)
        asked = services.ask(payment_id, wanted, by=user_id(request), door=DOOR)
        return _decision(asked, status=201)


class DecisionView(View):
    permission_classes = (_MayAskOrDecide,)

    @extend_schema(operation_id="decisions_update", request=ApprovalInput, responses=DecisionOutput)
    def post(self, request: Request, payment_id: str, decision_id: str) -> Response:
        """Approve what another member of staff has asked for, and do it; or decline it.

        Needs `payments.change_staffdecision`, to take back what you have asked for
        `payments.add_staffdecision`.
        """
        idempotency.refuse(request, "It is decided once: repeated, it is answered with 409.")
        approve = checked(ApprovalInput, request.data)["approve"]
        made = services.decide(
            payment_id,
            decision_id,
            approve=approve,
            by=user_id(request),
            may_decide=staff_may(request.user, rights.MAY_DECIDE),
            door=DOOR,
        )
        return _decision(made)


def _decision(one: StaffDecision, status: int = 200) -> Response:
    return Response(_json(decision_shown(one)), status=status)


def _json(found: Any) -> Any:
    return msgspec.to_builtins(found)
