"""The ledger's HTTP API: thin callers of selectors and services."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from hoardrun.ledger import actors, selectors, services
from hoardrun.ledger.actors import Actor
from hoardrun.ledger.choices import TransactionStatus
from hoardrun.ledger.errors import ActionNotAllowed, TransactionNotFound
from hoardrun.ledger.messages import BalanceUpdate, TransactionUpdate
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.payloads import account_payload, txn_payload
from hoardrun.ledger.serializers import (
    AccountOutput,
    ActionInput,
    TransactionInput,
    TransactionOutput,
    TransactionQuery,
)
from realtime.core.text import row_id
from realtime.rest import idempotency
from realtime.rest.hot import HotList, HotRead
from realtime.rest.pagination import CursorOrWindow
from realtime.rest.permissions import staff_may
from realtime.rest.serializers import checked
from realtime.rest.views import View, user_id

ACTIONS = {
    "cancel": TransactionStatus.CANCELLED,
    "process": TransactionStatus.PROCESSING,
    "complete": TransactionStatus.COMPLETED,
    "fail": TransactionStatus.FAILED,
    "reverse": TransactionStatus.REVERSED,
    "expire": TransactionStatus.EXPIRED,
}
OWNER_ACTIONS = frozenset({"cancel"})
MOVE = "ledger.change_transaction"  # the admin requires the same right


class AccountListView(HotRead, ListAPIView[Account]):
    """List your accounts."""

    serializer_class = AccountOutput
    pagination_class = None

    @classmethod
    def hot(cls, user_id: int, **filters: Any) -> list[BalanceUpdate]:
        return list(map(account_payload, selectors.accounts_listed.rows(user_id)))

    def get_queryset(self) -> QuerySet[Account]:
        return selectors.account_list(user_id=user_id(self.request))


class AccountView(View):
    @extend_schema(operation_id="accounts_retrieve", responses=AccountOutput)
    def get(self, request: Request, account_id: str) -> Response:
        """Read one of your accounts."""
        account = selectors.account_get(user_id=user_id(request), account_id=account_id)
        return Response(AccountOutput(account).data)


class TransactionListView(HotList[Transaction]):
    """List the transactions on your accounts, newest first."""

    serializer_class = TransactionOutput
    pagination_class = CursorOrWindow
    queries = {"GET": TransactionQuery}

    @classmethod
    def hot_rows(
        cls, user_id: int, *, skip: int, limit: int, **filters: Any
    ) -> list[TransactionUpdate]:
        rows = selectors.transactions_newest.rows(user_id, skip=skip, limit=limit, **filters)
        return list(map(txn_payload, rows))

    def get_queryset(self) -> QuerySet[Transaction]:
        found = selectors.transaction_list(user_id=user_id(self.request))
        return found.filter(**self.asked(self.request))

    @extend_schema(
        request=TransactionInput,
        responses={200: TransactionOutput, 201: TransactionOutput},
        parameters=idempotency.parameters(
            "the transaction that the first one made comes back, as it stands now.", 200
        ),
    )
    def post(self, request: Request) -> Response:
        """Create a pending transaction; an outbound one holds its amount."""
        wanted = checked(TransactionInput, idempotency.into_body(request, "idempotency_key"))
        owner_id = user_id(request)
        by = actors.user(owner_id)
        txn, created = services.transaction_create(owner_id=owner_id, by=by, **wanted)
        data = TransactionOutput(txn).data
        if created:
            return Response(data, status=201)
        return Response(data, headers={idempotency.REPLAYED: "true"})


class TransactionView(View):
    @extend_schema(operation_id="transactions_retrieve", responses=TransactionOutput)
    def get(self, request: Request, txn_id: str) -> Response:
        """Read a transaction on one of your accounts."""
        txn = selectors.transaction_get(user_id=user_id(request), txn_id=txn_id)
        return Response(TransactionOutput(txn).data)


class TransactionActView(View):
    @extend_schema(
        operation_id="transactions_act", request=ActionInput, responses=TransactionOutput
    )
    def post(self, request: Request, txn_id: str) -> Response:
        """Move a transaction: owners may cancel theirs.

        Staff with `ledger.change_transaction` may do anything to those of others. Each move is
        stored with who made it.
        """
        idempotency.refuse(request, "A move happens once: repeated, it is answered with 409.")
        wanted = checked(ActionInput, request.data)
        action = wanted["action"]
        txn = services.transaction_move(
            txn_id=txn_id,
            to=ACTIONS[action],
            reason=wanted.get("reason", ""),
            by=_actor(request, txn_id, action),
            onto=wanted.get("onto_account_id"),
        )
        return Response(TransactionOutput(txn).data)


def _actor(request: Request, txn_id: str, action: str) -> Actor:
    """Return the actor: the owner, or staff on a transaction of another user. Else refuse."""
    acting_id = user_id(request)
    own = selectors.transaction_list(user_id=acting_id)
    if own.filter(pk=row_id(txn_id)).exists():
        if action not in OWNER_ACTIONS:
            raise ActionNotAllowed(action, ", ".join(sorted(OWNER_ACTIONS)))
        return actors.user(acting_id)
    if staff_may(request.user, MOVE):
        return actors.staff(acting_id)
    if request.user.is_staff:
        raise PermissionDenied(f"To move transactions of others takes the right {MOVE}.")
    raise TransactionNotFound  # do not reveal that another user has it
