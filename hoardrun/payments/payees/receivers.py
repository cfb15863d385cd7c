"""Refuse a payout to somebody whom its customer may not mean."""

from __future__ import annotations

from msgspec import Struct

from hoardrun.payments.choices import Kind
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.payees.checking import name_check
from hoardrun.payments.payees.choices import NameVerdict
from hoardrun.payments.payees.errors import NameNotConfirmed, PhoneNotConfirmed
from hoardrun.payments.tiers.choices import Whose


class Receiver(Struct, frozen=True, kw_only=True):
    """The rules for the receiver of a payout, and the name that the customer gave."""

    only_known: bool = False  # False: money goes out to anybody
    name: str = ""  # empty: nobody is asked for it
    is_confirmed: bool = False  # whatever name the provider has


ANYBODY = Receiver()


def receiver_check(row: ProviderPayment, wanted: Receiver) -> None:
    """Refuse a payout to a phone that is neither the customer's nor a payee's, nor confirmed.

    A name that is given is compared with the provider's. If it is another one, or the provider
    does not say, the customer has to confirm. Not in a transaction. Raises PhoneNotConfirmed and
    NameNotConfirmed.
    """
    if row.kind != Kind.PAYOUT or row.whose != Whose.THIRD_PARTY:
        return
    if not wanted.name:
        if wanted.only_known:
            raise PhoneNotConfirmed
        return
    if wanted.is_confirmed:
        return
    found = name_check(
        row.provider,
        msisdn=row.msisdn,
        country=row.country,
        currency=row.currency,
        name=wanted.name,
        network=row.network,
    )
    if found.verdict != NameVerdict.SAME:
        raise NameNotConfirmed(verdict=found.verdict.value, shown_name=found.shown)
