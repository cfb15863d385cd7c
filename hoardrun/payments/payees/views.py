"""The HTTP API of payees: thin callers of the services."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from hoardrun.payments.payees import selectors, services
from hoardrun.payments.payees.models import Payee
from hoardrun.payments.payees.serializers import (
    ConfirmInput,
    PayeeInput,
    PayeeOutput,
    SavedPayeeOutput,
)
from realtime.rest import idempotency
from realtime.rest.serializers import checked
from realtime.rest.views import View, user_id

ASKING_UNITS = 20  # a provider is called: each costs more of the limit on writes


class PayeeListView(View, ListAPIView[Payee]):
    """List your payees, by name."""

    serializer_class = PayeeOutput
    pagination_class = None

    def get_queryset(self) -> QuerySet[Payee]:
        return selectors.payees_list(user_id(self.request))

    def cost(self, request: Request) -> int:
        return ASKING_UNITS if request.method == "POST" else 1

    @extend_schema(request=PayeeInput, responses={200: SavedPayeeOutput, 201: SavedPayeeOutput})
    def post(self, request: Request) -> Response:
        """Save a payee. Their provider is asked for the name; if it is another, confirm it.

        Answers 201 for a new one, and 200 for one that is known: it stays as it is once it is
        confirmed, and is checked anew before that.
        """
        idempotency.refuse(request, "Repeated, it finds the first.")
        wanted = checked(PayeeInput, request.data)
        saved = services.payee_add(user_id=user_id(request), **wanted)
        data = {**PayeeOutput(saved.payee).data, "shown_name": saved.shown}
        return Response(data, status=201 if saved.created else 200)


class PayeeView(View):
    @extend_schema(operation_id="payees_destroy", responses={204: None})
    def delete(self, request: Request, payee_id: str) -> Response:
        """Remove one of your payees."""
        services.payee_remove(user_id=user_id(request), payee_id=payee_id)
        return Response(status=204)


class PayeeConfirmView(View):
    def cost(self, request: Request) -> int:
        return ASKING_UNITS

    @extend_schema(operation_id="payees_confirm", request=ConfirmInput, responses=PayeeOutput)
    def post(self, request: Request, payee_id: str) -> Response:
        """Confirm that whoever has the name that you have seen is whom you mean.

        The provider is asked again. If it has another name by now, 409 has that.
        """
        seen = checked(ConfirmInput, request.data)
        row = services.payee_confirm(user_id=user_id(request), payee_id=payee_id, **seen)
        return Response(PayeeOutput(row).data)
