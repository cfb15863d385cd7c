"""What staff do with a payment that waits for a person: one asks, another one decides.

Nobody decides on a payment of their own. What is decided becomes evidence, so that the judge and
the history have it as they have everything else.
"""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction

from hoardrun.ledger import actors
from hoardrun.ledger.actors import Actor
from hoardrun.ledger.by_gateway import Carried
from hoardrun.ledger.carried_services import transaction_replace
from hoardrun.ledger.errors import OwnAccount
from hoardrun.ledger.money import amount_human, amount_parse, minor_of
from hoardrun.payments.approvals import approval_check, approved_send
from hoardrun.payments.choices import DecisionState, Kind, StaffAction
from hoardrun.payments.deciding import stay
from hoardrun.payments.effects import ADVANCED
from hoardrun.payments.errors import DecidedAlready, NothingToDecide
from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.models import ProviderPayment, StaffDecision
from hoardrun.payments.refunding import refund_create
from hoardrun.payments.rows import payment_lock, staff_call, staff_release, steps_store
from hoardrun.payments.services import evidence_apply
from hoardrun.payments.stages import awaits_approval, stage_of
from hoardrun.payments.states import FINAL, LIVE, State, was_paid
from hoardrun.payments.tariffs.charging import customer_fee
from notifications.validation import why_given
from realtime import clock
from realtime.errors import InvalidInput, SecondPerson
from realtime.log_context import request_id
from realtime.retry import one_transaction


@one_transaction
def decision_ask(
    *,
    payment_id: UUID | str,
    action: str,
    why: str,
    staff_id: int,
    amount: str | int | Decimal | None = None,
) -> StaffDecision:
    """Ask for an action on a payment that waits for staff.

    `amount` is what came, if that is not what was asked for. Raises InvalidInput, NothingToDecide,
    OwnAccount, and DecidedAlready if another action is asked for.
    """
    row = payment_lock(payment_id)
    if row.user_id == staff_id:
        raise OwnAccount
    why = why_given(why)
    action_check(row, action)
    minor = None
    if action not in {StaffAction.REJECT, StaffAction.SEND}:
        came = row.amount if amount is None else amount_parse(amount, row.currency)
        minor = minor_of(came, row.currency)
    asked = StaffDecision(payment=row, action=action, minor=minor, why=why, asked_by_id=staff_id)
    try:
        with transaction.atomic():
            asked.save()
    except IntegrityError:
        raise DecidedAlready("Another action is asked for on this payment: decide that.") from None
    return asked


@one_transaction
def decision_decide(*, decision_id: int, staff_id: int, approve: bool) -> StaffDecision:
    """Approve what another member of staff has asked for, and do it; or decline it.

    Raises SecondPerson, OwnAccount, DecidedAlready, and NothingToDecide if the payment does not
    wait any more.
    """
    payment_id = StaffDecision.objects.values_list("payment_id", flat=True).get(pk=decision_id)
    row = payment_lock(payment_id)
    asked = StaffDecision.objects.get(pk=decision_id)
    if asked.state != DecisionState.ASKED:
        raise DecidedAlready("This was decided before.")
    if asked.asked_by_id == staff_id and approve:
        raise SecondPerson
    if row.user_id == staff_id:
        raise OwnAccount
    if approve:
        action_check(row, asked.action)
        _do(row, asked, actors.staff(staff_id))
    asked.state = DecisionState.DONE if approve else DecisionState.DECLINED
    # Whoever asked may take it back, which is no decision.
    asked.decided_by_id = None if asked.asked_by_id == staff_id else staff_id
    asked.decided_at, asked.decided_request_id = clock.now(), request_id()
    asked.save()
    return asked


def action_check(row: ProviderPayment, action: str) -> None:
    """Raise NothingToDecide unless an action is one for where the payment stands."""
    if action not in StaffAction.values:
        raise InvalidInput("action", f"Not one of {', '.join(StaffAction.values)}.")
    if row.staff_since is None:
        raise NothingToDecide("This payment does not wait for staff.")
    approval_check(row, action)
    if awaits_approval(row):
        return
    state = State(row.state)
    if state in LIVE and state is not State.UNKNOWN:
        raise NothingToDecide("Its provider is still asked how it ended.")
    if action == StaffAction.REJECT:
        return
    if was_paid(state, booked_late=row.booked_late):
        raise NothingToDecide("Its money is booked: reject what was said beyond that.")
    if action == StaffAction.REFUND and row.kind != Kind.COLLECT:
        raise NothingToDecide("Only what was collected can be given back.")
    if row.told_currency not in {"", row.currency}:
        raise NothingToDecide(f"It came in {row.told_currency}, which this account does not take.")


def _do(row: ProviderPayment, asked: StaffDecision, by: Actor) -> None:
    if asked.action == StaffAction.REJECT:
        _reject(row, asked.why, by)
        return
    if asked.action == StaffAction.SEND:
        approved_send(row, asked.why, by)
        return
    assert asked.minor is not None  # `decision_ask` has set it
    note, lacking = asked.why, Decimal(0)
    if asked.minor != row.minor:
        note = f"{amount_human(row.amount, row.currency)} were asked for. {note}"
        lacking = _amount_change(row, asked.minor, by)
    if asked.action == StaffAction.REFUND and row.fee_txn_id is None:
        row.fee_minor = 0  # of what goes straight back, nothing may be kept
        row.save(update_fields=["fee_minor"])
    evidence = Evidence(claim=Claim.PAID, source=Source.STAFF)
    evidence_apply(row.pk, evidence, actor=by, note=note)
    if lacking:
        row.refresh_from_db()
        staff_call(row, ADVANCED, clock.now())
        row.save(update_fields=["staff_reason", "staff_since"])
    if asked.action == StaffAction.REFUND:
        refund_create(
            payment_id=row.pk,
            description=asked.why,
            own_key=f"decision:{asked.pk}",
            is_approved=True,
            by=by,
        )


def _reject(row: ProviderPayment, why: str, by: Actor) -> None:
    """End a payment without money; one that has ended stays, and waits for nobody any more."""
    evidence = Evidence(claim=Claim.NOT_PAID, source=Source.STAFF, reason="rejected")
    if State(row.state) not in FINAL:
        evidence_apply(row.pk, evidence, actor=by, note=why)
        return
    steps_store(row, evidence, stay("staff", evidence), receipt=None, by=by, note=why)
    staff_release(row)
    row.save()


def _amount_change(row: ProviderPayment, minor: int, by: Actor) -> Decimal:
    """Make the payment one of what really came, before that is booked.

    Return what had to be advanced, if more went out than the account has.
    """
    lacking = Decimal(0)
    is_by_tariff = row.fee_txn is None and row.fee_minor == _tariff_fee(row)
    row.minor = minor
    if is_by_tariff:
        row.fee_minor = _tariff_fee(row)
    if State(row.state) not in FINAL:
        row.txn, lacking = transaction_replace(
            row.txn_id,
            amount=row.amount,
            carried=Carried(row.provider, f"accepted:{row.pk}", stage_of(row)),
            by=by,
        )
    row.save()
    return lacking


def _tariff_fee(row: ProviderPayment) -> int:
    """Return in minor units what today's tariff has the customer pay for a payment."""
    about = {"provider": row.provider, "kind": row.kind, "currency": row.currency}
    return minor_of(customer_fee(**about, amount=row.amount), row.currency)
