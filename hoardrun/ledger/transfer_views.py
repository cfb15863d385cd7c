"""Transfers over HTTP."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hoardrun.ledger import actors
from hoardrun.ledger.serializers import TransactionOutput, TransferInput
from hoardrun.ledger.transfers import transfer_create
from realtime.rest import idempotency
from realtime.rest.serializers import checked
from realtime.rest.views import View, user_id


class TransferView(View):
    @extend_schema(
        operation_id="transfers_create",
        request=TransferInput,
        responses={200: TransactionOutput, 201: TransactionOutput},
        parameters=idempotency.parameters("that of the first one comes back.", 200),
    )
    def post(self, request: Request) -> Response:
        """Move money from one of your accounts to another one here, at once.

        The answer is your side: a completed transaction. The other side belongs to its account.
        """
        wanted = checked(TransferInput, request.data)
        owner_id = user_id(request)
        gives, _, created = transfer_create(
            source_id=wanted.pop("from_account_id"),
            target_id=wanted.pop("to_account_id"),
            owner_id=owner_id,
            idempotency_key=idempotency.key_of(request),
            by=actors.user(owner_id),
            **wanted,
        )
        data = TransactionOutput(gives).data
        if created:
            return Response(data, status=201)
        return Response(data, headers={idempotency.REPLAYED: "true"})
