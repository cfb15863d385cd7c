"""Look at a payment as a member of staff, and act on it: the admin's log keeps who did, and why."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.admin.models import CHANGE

from hoardrun.payments.choices import DecisionState
from hoardrun.payments.errors import DecisionNotFound
from hoardrun.payments.models import ProviderPayment, StaffDecision
from hoardrun.payments.queue.report import PaymentWhy
from hoardrun.payments.queue.rights import MAY_DECIDE
from hoardrun.payments.queue.tracing import payment_why
from hoardrun.payments.staff import decision_ask, decision_decide
from realtime import audit
from realtime.core.text import row_id
from realtime.errors import Forbidden
from realtime.retry import one_transaction


@one_transaction
def payment_look(
    payment_id: UUID | str, *, by: int, door: str, with_content: bool = False
) -> PaymentWhy:
    """Return why a payment is where it is, and record who asked. Raises PaymentNotFound.

    `door` says where the look came from, such as `over the API`.
    """
    found = payment_why(payment_id, with_content=with_content)
    read = " and read what its provider sent" if with_content else ""
    _note(found.id, by, f"Looked at why it is where it is{read} {door}.")
    return found


@one_transaction
def ask(payment_id: UUID | str, given: dict[str, Any], *, by: int, door: str) -> StaffDecision:
    """Ask for an action on a payment. Raises Refused."""
    asked = decision_ask(payment_id=payment_id, staff_id=by, **given)
    _note(str(asked.payment_id), by, f"Asked to {asked.action} it {door}. {asked.why}")
    return asked


@one_transaction
def decide(
    payment_id: UUID | str,
    decision_id: int | str,
    *,
    approve: bool,
    by: int,
    may_decide: bool,
    door: str,
) -> StaffDecision:
    """Approve or decline what was asked for on a payment. Raises Refused.

    Who may not decide still takes back what they have asked for.
    """
    asked = StaffDecision.objects.filter(pk=row_id(decision_id)).first()
    if asked is None or str(asked.payment_id) != str(payment_id):
        raise DecisionNotFound(decision_id)
    if not may_decide and (approve or asked.asked_by_id != by):
        raise Forbidden(f"It takes the right {MAY_DECIDE}.")
    made = decision_decide(decision_id=asked.pk, staff_id=by, approve=approve)
    _note(str(made.payment_id), by, f"{_did(made)} to {made.action} it {door}. {made.why}")
    return made


def _did(made: StaffDecision) -> str:
    if made.state == DecisionState.DONE:
        return "Approved"
    return "Took back the request" if made.decided_by_id is None else "Declined"


def _note(payment_id: str, by: int, message: str) -> None:
    audit.log(by, [ProviderPayment(pk=UUID(payment_id))], CHANGE, message)
