"""The HTTP API of what customers are offered, and of what they do with their payments."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hoardrun.ledger import actors
from hoardrun.payments.methods import methods_get
from hoardrun.payments.owner_serializers import MethodsOutput, MethodsQuery
from hoardrun.payments.owner_services import payment_cancel, payment_retry
from hoardrun.payments.serializers import PaymentOutput
from realtime.rest import idempotency
from realtime.rest.views import View, user_id


class MethodsView(View):
    queries = {"GET": MethodsQuery}

    @extend_schema(operation_id="payments_methods", responses=MethodsOutput)
    def get(self, request: Request) -> Response:
        """Read by whom you can pay here, and the words for what becomes of a payment."""
        found = methods_get(user_id=user_id(request), **self.asked(request))
        return Response(MethodsOutput(found).data)


class CancelView(View):
    @extend_schema(operation_id="payments_cancel", request=None, responses=PaymentOutput)
    def post(self, request: Request, payment_id: str) -> Response:
        """Cancel one of your payments before its provider is asked for it.

        What is on the phone already is declined there.
        """
        idempotency.refuse(request, "It happens once: repeated, it is answered with 409.")
        owner_id = user_id(request)
        row = payment_cancel(
            user_id=owner_id,
            payment_id=payment_id,
            by=actors.user(owner_id),
        )
        return Response(PaymentOutput(row).data)


class RetryView(View):
    @extend_schema(
        operation_id="payments_retry",
        request=None,
        responses={200: PaymentOutput, 201: PaymentOutput},
        parameters=idempotency.parameters(
            "the payment that the first one made comes back, as it stands now.", 200
        ),
    )
    def post(self, request: Request, payment_id: str) -> Response:
        """Try one of your payments again, if its `retry_safe` says so: as a new payment."""
        owner_id = user_id(request)
        payment, created = payment_retry(
            user_id=owner_id,
            payment_id=payment_id,
            idempotency_key=idempotency.key_of(request),
            by=actors.user(owner_id),
        )
        data = PaymentOutput(payment).data
        if created:
            return Response(data, status=201)
        return Response(data, headers={idempotency.REPLAYED: "true"})
