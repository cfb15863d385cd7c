"""Read an order for a payment as its provider takes it, or refuse it by its field."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from msgspec import Struct

from hoardrun.ledger.choices import Direction
from hoardrun.ledger.choices import TransactionType as Type
from hoardrun.ledger.money import amount_parse
from hoardrun.payments.choices import Kind
from hoardrun.payments.cleaning import Refused, country_of
from hoardrun.payments.providers.interface import AnyProvider, Order
from hoardrun.payments.providers.registry import PROVIDERS
from realtime import clock
from realtime.errors import InvalidInput


class Way(NamedTuple):
    """How a kind of payment stands in the ledger."""

    type: Type
    direction: Direction


WAYS = {
    Kind.COLLECT: Way(Type.DEPOSIT, Direction.INBOUND),
    Kind.PAYOUT: Way(Type.WITHDRAWAL, Direction.OUTBOUND),
    Kind.REFUND: Way(Type.REFUND, Direction.OUTBOUND),
}


class Wanted(Struct, frozen=True, kw_only=True):
    """What somebody asks for, before anything of it was checked."""

    account_id: int
    provider: str
    kind: str
    amount: Any
    currency: str
    msisdn: str
    country: str = ""
    description: str = ""
    reference: str = ""
    network: str = ""
    refunds: str = ""  # the id of the payment that is given back


def provider_of(wanted: Wanted) -> AnyProvider:
    """Return the provider that carries it. Raises InvalidInput."""
    provider = PROVIDERS.get(wanted.provider)
    if provider is None:
        raise InvalidInput("provider", f"Not one of {', '.join(PROVIDERS)}.")
    if wanted.kind not in provider.capabilities.kinds:
        raise InvalidInput("kind", f"Not one of {', '.join(sorted(provider.capabilities.kinds))}.")
    return provider


def order_of(wanted: Wanted, payment_id: str) -> Order:
    """Return the order as its provider takes it. Raises InvalidInput or InvalidAmount."""
    provider = provider_of(wanted)
    kind: Any = wanted.kind
    country = wanted.country.upper() or country_of(wanted.msisdn)
    if not country:
        raise InvalidInput("country", "Say whose number this is, or write it with + in front.")
    order = Order(
        id=payment_id,
        kind=kind,
        amount=amount_parse(wanted.amount, wanted.currency),
        currency=wanted.currency,
        country=country,
        msisdn=wanted.msisdn,
        at=clock.now(),
        reference=wanted.reference,
        text=wanted.description,
        note=wanted.description,
        refunds=wanted.refunds,
        wallet=wanted.network,
    )
    try:
        return provider.clean(order)
    except Refused as refused:
        # A gateway's wallet is the network that it reaches.
        field = "network" if refused.field == "wallet" else refused.field
        raise InvalidInput(field, str(refused)) from None


def fingerprint_of(wanted: Wanted, order: Order) -> str:
    """Return what tells two orders apart that come with one key."""
    parts = [
        wanted.account_id,
        wanted.provider,
        wanted.kind,
        f"{order.amount.normalize():f}",
        order.currency,
        order.msisdn,
        wanted.description,
        wanted.reference,
        wanted.network,
        wanted.refunds,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
