"""The HTTP API of payments: thin callers of selectors and services."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from hoardrun.ledger import actors
from hoardrun.payments import selectors
from hoardrun.payments.creating import payment_create
from hoardrun.payments.errors import PaymentNotFound
from hoardrun.payments.options import options
from hoardrun.payments.payees.receivers import Receiver
from hoardrun.payments.payees.views import ASKING_UNITS
from hoardrun.payments.refunding import refund_create
from hoardrun.payments.serializers import PaymentInput, PaymentOutput, RefundInput, StepOutput
from realtime.rest import idempotency
from realtime.rest.permissions import staff_may
from realtime.rest.serializers import checked
from realtime.rest.views import View, user_id

REFUND = "payments.add_providerpayment"


class PaymentListView(View):
    def cost(self, request: Request) -> int:
        given: Any = request.data  # it is not checked yet
        return ASKING_UNITS if isinstance(given, dict) and "name" in given else 1

    @extend_schema(
        operation_id="payments_create",
        request=PaymentInput,
        responses={200: PaymentOutput, 201: PaymentOutput},
        parameters=idempotency.parameters(
            "the payment that the first one made comes back, as it stands now.", 200
        ),
    )
    def post(self, request: Request) -> Response:
        """Collect from a phone into one of your accounts, or pay out of one to a phone.

        The answer does not wait for the provider: `transaction_update` tells each stage.
        """
        wanted = checked(PaymentInput, request.data)
        owner_id = user_id(request)
        shown_name = wanted.pop("shown_name", None)
        payment, created = payment_create(
            owner_id=owner_id,
            idempotency_key=idempotency.key_of(request),
            receiver=Receiver(
                only_known=options().payouts_to == "known",
                name=wanted.pop("name", ""),
                confirmed=shown_name if wanted.pop("name_confirmed", False) else None,
            ),
            by=actors.user(owner_id),
            **wanted,
        )
        data = PaymentOutput(payment).data
        if created:
            return Response(data, status=201)
        return Response(data, headers={idempotency.REPLAYED: "true"})


class RefundListView(View):
    @extend_schema(
        operation_id="refunds_create",
        request=RefundInput,
        responses={200: PaymentOutput, 201: PaymentOutput},
        parameters=idempotency.parameters(
            "the refund that the first one made comes back, as it stands now.",
            200,
            of="that of the member of staff for this payment",
        ),
    )
    def post(self, request: Request, payment_id: str) -> Response:
        """Give a collected payment of another user back, in whole or in part.

        Needs `payments.add_providerpayment`. The refund is a payment of its own, which holds its
        amount on the account that the money came into. A large one waits for two members of staff.
        """
        paid_id = _to_refund(request, payment_id)
        key, staff_id = idempotency.key_of(request), user_id(request)
        refund, created = refund_create(
            payment_id=paid_id,
            own_key=None if key is None else f"refund:{paid_id}:{staff_id}:{key}",
            by=actors.staff(staff_id),
            **checked(RefundInput, request.data),
        )
        data = PaymentOutput(refund).data
        if created:
            return Response(data, status=201)
        return Response(data, headers={idempotency.REPLAYED: "true"})


class PaymentView(View):
    @extend_schema(operation_id="payments_retrieve", responses=PaymentOutput)
    def get(self, request: Request, payment_id: str) -> Response:
        """Read one of your payments."""
        payment = selectors.payment_get(user_id=user_id(request), payment_id=payment_id)
        return Response(PaymentOutput(payment).data)


class PaymentStepsView(View):
    @extend_schema(operation_id="payments_steps", responses=StepOutput(many=True))
    def get(self, request: Request, payment_id: str) -> Response:
        """Read the history of one of your payments, oldest first."""
        steps = selectors.step_list(user_id=user_id(request), payment_id=payment_id)
        return Response(StepOutput(steps, many=True).data)


def _to_refund(request: Request, payment_id: str) -> UUID:
    """Return the id of a payment that may be given back by whoever asks. Else refuse."""
    if not staff_may(request.user, REFUND):
        if not request.user.is_staff:  # do not reveal that another user has it
            selectors.payment_get(user_id=user_id(request), payment_id=payment_id)
        raise PermissionDenied(f"To give payments back takes the right {REFUND}.")
    try:
        return UUID(payment_id)
    except ValueError:
        raise PaymentNotFound from None
