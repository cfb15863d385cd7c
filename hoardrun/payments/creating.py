"""Create a payment, with its transaction and the hold of one that goes out.

Nothing is sent from here: the payment is due at once, and the worker sends what is due, once.
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Q

from hoardrun.ledger.actors import UNNAMED, Actor
from hoardrun.ledger.by_gateway import Carried
from hoardrun.ledger.choices import Direction, PaymentMethod
from hoardrun.ledger.choices import TransactionType as Type
from hoardrun.ledger.errors import AccountNotFound, IdempotencyConflict
from hoardrun.ledger.models import Account
from hoardrun.ledger.money import currency_parse, minor_of
from hoardrun.ledger.services import transaction_create
from hoardrun.payments.approvals import approval_call
from hoardrun.payments.calling.balances import covers
from hoardrun.payments.calling.hints import payment_is_due
from hoardrun.payments.choices import Kind
from hoardrun.payments.errors import ProviderShort
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.ordering import WAYS, Wanted, fingerprint_of, order_of
from hoardrun.payments.payees.receivers import ANYBODY, Receiver, receiver_check
from hoardrun.payments.providers.interface import Order
from hoardrun.payments.providers.settings import configured, takes
from hoardrun.payments.stages import stage_of
from hoardrun.payments.tariffs.charging import customer_fee, limits_check
from hoardrun.payments.waits import prompt_end
from hoardrun.payments.wallets import wallet_of
from realtime import clock
from realtime.core.text import row_id
from realtime.errors import InvalidInput, Refused
from realtime.retry import retried


class Created(NamedTuple):
    """A payment, and whether this call created it; else an earlier one with its key did."""

    payment: ProviderPayment
    created: bool


@retried
def payment_create(
    *,
    account_id: int | str,
    provider: str,
    kind: str,
    amount: str | int | Decimal,
    msisdn: str,
    country: str = "",
    currency: str | None = None,
    owner_id: int | None = None,
    description: str = "",
    reference: str = "",
    network: str = "",
    fee: Decimal | None = None,
    refunds: ProviderPayment | None = None,
    idempotency_key: str | None = None,
    own_key: str | None = None,
    receiver: Receiver = ANYBODY,
    is_approved: bool = False,
    by: Actor = UNNAMED,
) -> Created:
    """Create a payment that is to be sent; one that goes out holds its amount.

    With `owner_id`, the account must be that user's. `fee` is what the customer pays beside the
    amount; by default, what the tariff of today says. A key that the account's user has used for a
    payment before returns that one, or raises IdempotencyConflict if it was different; so does
    `own_key`, which is none of the customer's. Raises
    InvalidInput for what the provider would not take, by its field, LimitExceeded, and a Refused of
    the ledger's if the account does not take it. `receiver` says whom money may go out to: see
    `receiver_check`, which may call the provider. `is_approved`: two members of staff have
    accepted it already, however large it is.
    """
    account = _account(account_id, owner_id)
    wanted = Wanted(
        account_id=account.pk,
        provider=provider,
        kind=kind,
        amount=amount,
        currency=account.currency if currency is None else currency_parse(currency),
        msisdn=msisdn,
        country=country,
        description=description,
        reference=reference,
        network=network,
        refunds="" if refunds is None else str(refunds.pk),
    )
    payment_id = uuid.uuid4()
    order = order_of(wanted, str(payment_id))
    _check_takes(order, provider)
    fingerprint = fingerprint_of(wanted, order)
    if first := _first_of(account, idempotency_key, own_key, fingerprint):
        return Created(first, False)
    row = _row(payment_id, wanted, order, account)
    receiver_check(row, receiver)
    row.refunds = refunds
    if not is_approved:
        approval_call(row)
    row.idempotency_key, row.own_key = idempotency_key or None, own_key
    row.fingerprint = fingerprint
    try:
        with transaction.atomic():
            _check_covered(row)
            _store(row, wanted, order, fee, by)
    except (IntegrityError, Refused):
        # Of two calls at once with one key, the second finds what the first has made, whose hold
        # may be what it lacks.
        if first := _first_of(account, idempotency_key, own_key, fingerprint):
            return Created(first, False)
        raise
    return Created(row, True)


def _check_takes(order: Order, provider: str) -> None:
    """Refuse what this deployment is not set up for: nobody would send it."""
    if provider not in configured():
        raise InvalidInput("provider", f"Not one of {', '.join(configured()) or 'any here'}.")
    if not takes(provider, order.kind, order.currency):
        raise InvalidInput("kind", f"Not set up here for {order.kind} in {order.currency}.")


def _check_covered(row: ProviderPayment) -> None:
    """Refuse what its provider would refuse to pay, for our own account there lacks money."""
    is_out = row.kind != Kind.COLLECT
    if is_out and not covers(row.provider, row.kind, row.currency, row.minor):
        raise ProviderShort(row.provider)


def _account(account_id: int | str, owner_id: int | None) -> Account:
    accounts = Account.objects.filter(pk=row_id(account_id))
    if owner_id is not None:
        accounts = accounts.filter(user_id=owner_id)
    account = accounts.first()
    if account is None:
        raise AccountNotFound
    return account


def _first_of(
    account: Account, key: str | None, own_key: str | None, fingerprint: str
) -> ProviderPayment | None:
    """Return the payment that the account's user created with a key, or we with one of ours."""
    mine = [Q(own_key=own_key)] if own_key else []
    mine += [Q(user=account.user_id, idempotency_key=key)] if key else []
    if not mine:
        return None
    first = ProviderPayment.objects.filter(reduce(or_, mine)).first()
    if first is not None and first.fingerprint != fingerprint:
        raise IdempotencyConflict(["request"])
    return first


def _row(payment_id: uuid.UUID, wanted: Wanted, order: Order, account: Account) -> ProviderPayment:
    """Make the row of an order, due at once."""
    now = clock.now()
    return ProviderPayment(
        id=payment_id,
        user_id=account.user_id,
        kind=wanted.kind,
        provider=wanted.provider,
        wallet=wallet_of(wanted.provider, order.wallet),
        network=order.wallet,
        minor=minor_of(order.amount, order.currency),
        currency=order.currency,
        country=order.country,
        msisdn=order.msisdn,
        reference=order.reference,
        text=order.text,
        stage_changed_at=now,
        created_at=now,
        expires_at=prompt_end(wanted.provider, wanted.kind, now),
        next_check_at=now,
    )


def _store(
    row: ProviderPayment, wanted: Wanted, order: Order, fee: Decimal | None, by: Actor
) -> None:
    about: dict[str, Any] = {
        "provider": row.provider,
        "kind": row.kind,
        "currency": row.currency,
        "amount": order.amount,
    }
    limits_check(user_id=row.user_id, **about)  # first, as it may lock the customer's row
    fee = customer_fee(**about) if fee is None else fee
    shown = stage_of(row)
    way = WAYS[Kind(wanted.kind)]
    common: dict[str, Any] = {
        "account_id": wanted.account_id,
        "owner_id": row.user_id,
        "currency": wanted.currency,
        "payment_method": PaymentMethod.MOBILE_MONEY,
        "provider": row.wallet,
        "reference": wanted.reference,
        "by": by,
    }
    row.txn = transaction_create(
        type=way.type,
        direction=way.direction,
        amount=order.amount,
        description=wanted.description,
        carried=Carried(row.provider, f"payment:{row.pk}", shown),
        **common,
    ).txn
    row.fee_minor = minor_of(fee, row.currency)
    # The fee of money that comes in is taken from that, when it is there.
    if fee and way.direction == Direction.OUTBOUND:
        row.fee_txn = transaction_create(
            type=Type.FEE,
            direction=Direction.OUTBOUND,
            amount=fee,
            description=f"For transaction #{row.txn.pk}",
            carried=Carried(row.provider, f"fee:{row.pk}", shown),
            **common,
        ).txn
    row.save(force_insert=True)
    if row.next_check_at is not None:
        payment_is_due()
