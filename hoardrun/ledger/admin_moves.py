"""The admin's actions and buttons that move money, and the list of a transaction's moves.

Called by `admin` only. Each move goes through `services` and into the admin's history.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from hoardrun.ledger import actors, services
from hoardrun.ledger.actors import Actor
from hoardrun.ledger.by_gateway import is_carried_still, why_kept
from hoardrun.ledger.carrying import left_on, others_of
from hoardrun.ledger.choices import AccountStatus, AccountType
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.models import Account, Transaction, TransactionMove
from hoardrun.ledger.money import amount_human
from hoardrun.ledger.transitions import TRANSITIONS
from realtime.admin_bases.pages import ReadOnly
from realtime.admin_bases.writes import act_on_each, note, staff_id

# The buttons, in this order.
VERBS = {
    Status.COMPLETED: "Complete",
    Status.PROCESSING: "Mark as processing",
    Status.FAILED: "Fail",
    Status.CANCELLED: "Cancel",
    Status.EXPIRED: "Expire",
    Status.REVERSED: "Reverse",
}

if TYPE_CHECKING:  # Django's class takes no parameters when it runs
    _Inline = admin.TabularInline[TransactionMove, Transaction]
else:
    _Inline = admin.TabularInline


class MovesInline(ReadOnly, _Inline):
    """Every move of a transaction, for users who may view the transaction."""

    model = TransactionMove
    verbose_name_plural = "Moves"
    fields = ("created_at", "from_status", "to_status", "who", "reason", "request_id", "evidence")
    readonly_fields = fields
    ordering = ("id",)
    extra = 0
    show_change_link = False

    @admin.display(description="by")
    def who(self, move: TransactionMove) -> str:
        parts = [move.user.get_username() if move.user else "", move.actor_name]
        return f"{move.get_actor_kind_display()}: {' '.join(filter(None, parts))}"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # the transaction's page has checked it


def actor_of(request: HttpRequest) -> Actor:
    """Return the member of staff who is logged in."""
    return actors.staff(staff_id(request))


def buttons(request: HttpRequest, txn: Transaction) -> dict[str, Any]:
    """Describe the buttons of a transaction's page: which moves, and onto which accounts."""
    account = txn.account
    is_own = account.user_id == request.user.pk
    carrier = txn.carrier if is_carried_still(txn) else ""
    is_final = txn.counterpart_id is not None or carrier
    allowed = frozenset() if is_own or is_final else TRANSITIONS[Status(txn.status)]
    kept = why_kept(txn) if Status.REVERSED in allowed else ""
    if kept:
        allowed -= {Status.REVERSED}
    # A credit account keeps its money: see `carrying`.
    is_closed = account.status == AccountStatus.CLOSED and account.type != AccountType.CREDIT
    return {
        "moves": [(to.value, verb) for to, verb in VERBS.items() if to in allowed],
        "own_account": is_own,
        "counterpart": txn.counterpart_id,
        "carrier": carrier,
        "kept": kept,
        "closed_account": is_closed,
        "onto": others_of(account) if is_closed else [],
    }


def move_each(
    request: HttpRequest, ids: Sequence[int], to: str, *, reason: str = "", onto: str | None = None
) -> None:
    """Move each by itself, so that a refusal stops no other. Show what was moved and refused."""
    by = actor_of(request)

    def move(txn_id: int) -> Transaction:
        txn = services.transaction_move(txn_id=txn_id, to=to, reason=reason, by=by, onto=onto)
        note(request, [txn], f"Moved to {txn.status}.")
        return txn

    act_on_each(request, ids, move, _done)


def may_move(request: HttpRequest) -> bool:
    """Return whether the user may move money on accounts of other users."""
    return bool(request.user.has_perm("ledger.change_transaction"))


def carry_offer(request: HttpRequest, account: Account) -> dict[str, Any]:
    """Describe what can be carried from a closed account, and onto which accounts."""
    if account.status != AccountStatus.CLOSED or not (left := left_on(account)):
        return {}
    may = may_move(request) and account.user_id != request.user.pk
    return {"left": amount_human(left, account.currency), "onto": others_of(account), "may": may}


def carry_left(request: HttpRequest, account_id: int, *, onto: str, reason: str) -> None:
    """Carry what is left on a closed account onto another one. Show the outcome."""

    def carry(account_id: int) -> str:
        [gives, takes] = services.account_carry(
            account_id=account_id, onto=onto, reason=reason, by=actor_of(request)
        )
        amount = amount_human(gives.amount, gives.currency)
        done = f"{amount} carried onto account #{takes.account_id}."
        note(request, [gives.account], done)
        return done

    act_on_each(request, [account_id], carry, "".join)


def _done(moved: list[Transaction]) -> str:
    """Describe what was moved: one by its number, several by their count and sums."""
    sums: dict[str, Decimal] = {}
    for txn in moved:
        sums[txn.currency] = sums.get(txn.currency, Decimal()) + txn.amount
    amounts = ", ".join(amount_human(total, currency) for currency, total in sorted(sums.items()))
    if len(moved) == 1:
        return f"#{moved[0].pk}: {amounts} {moved[0].status}."
    return f"{len(moved)} transactions {moved[0].status}: {amounts}."
