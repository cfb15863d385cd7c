"""Keep large payouts and refunds until a second member of staff has accepted them.

Such a payment is stored and its money held, but it is not due: nobody sends it. It is on the list
of staff, of whom one asks to send it and another one decides (`staff`).
"""

from __future__ import annotations

from hoardrun.ledger.actors import Actor
from hoardrun.ledger.carried_services import payment_show
from hoardrun.ledger.money import amount_of
from hoardrun.payments.calling.hints import payment_is_due
from hoardrun.payments.choices import Kind, StaffAction
from hoardrun.payments.deciding import stay
from hoardrun.payments.doubts import is_doubted, may_be_second
from hoardrun.payments.errors import NothingToDecide
from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.options import options
from hoardrun.payments.refunded import is_there, refunds_of
from hoardrun.payments.rows import staff_call, staff_release, steps_store
from hoardrun.payments.stages import APPROVAL, awaits_approval, stage_of
from realtime import clock


def approval_call(row: ProviderPayment) -> None:
    """Put what is to go out on the list of staff if its amount needs them; it is not due then.

    Refunds of one payment count together, or many small ones would need nobody.
    """
    most = dict(options().approve_above).get(row.currency)
    if most is None or row.kind == Kind.COLLECT:
        return
    before = 0 if row.refunds is None else sum(refunds_of(row.refunds))
    if amount_of(before + row.minor, row.currency) > most:
        staff_call(row, APPROVAL, row.created_at)
        row.next_check_at = None


def approval_check(row: ProviderPayment, action: str) -> None:
    """Raise NothingToDecide if an action is none for a payment, before or after it is approved."""
    if awaits_approval(row) and action not in {StaffAction.SEND, StaffAction.REJECT}:
        raise NothingToDecide("It has not been sent: send it, or reject it.")
    if not awaits_approval(row) and action == StaffAction.SEND:
        raise NothingToDecide("It does not wait to be sent.")
    if action != StaffAction.SEND:
        return
    if row.refunds is not None:
        _refunded_check(row.refunds)
    elif may_be_second(row):
        raise NothingToDecide("An earlier try of it may have been paid after all: look at that.")


def _refunded_check(paid: ProviderPayment) -> None:
    """Raise NothingToDecide if the money of a payment may have gone back without its refund."""
    if paid.staff_since is not None:
        raise NothingToDecide("The payment that it gives back waits for staff: decide on that one.")
    if is_doubted(paid):
        raise NothingToDecide("The provider is asked about what it gives back: wait for that.")
    if not is_there(paid):
        raise NothingToDecide("What it gives back is no longer paid: reject this refund.")


def approved_send(row: ProviderPayment, note: str, by: Actor) -> None:
    """Make a payment due that two members of staff have accepted; `row` is locked."""
    said = Evidence(claim=Claim.WAITING, source=Source.STAFF)
    steps_store(row, said, stay("staff", said), receipt=None, by=by, note=note)
    staff_release(row)
    # Its time begins now: what waits for long to be sent is given up.
    row.stage_changed_at = row.next_check_at = clock.now()
    row.save()
    payment_show(row.txn_id, stage_of(row))
    payment_is_due()
