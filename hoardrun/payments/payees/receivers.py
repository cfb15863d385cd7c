"""Note whose phone a payment is about, and refuse payouts to whom the customer may not mean."""

from __future__ import annotations

from msgspec import Struct

from hoardrun.payments.choices import Kind
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.payees.checking import Checked, name_check
from hoardrun.payments.payees.choices import NameVerdict
from hoardrun.payments.payees.errors import NameNotConfirmed, PhoneNotConfirmed
from hoardrun.payments.payees.selectors import whose_phone
from hoardrun.payments.tiers.choices import Whose


class Receiver(Struct, frozen=True, kw_only=True):
    """The rules for who gets a payout, and the names that the customer gave and confirmed."""

    only_known: bool = False  # False: money goes out to anybody
    name: str = ""  # empty: nobody is asked for it
    # The name that the customer was shown and has confirmed. None: none was confirmed.
    confirmed: str | None = None
    # For another try: the result of the name check of the first payment.
    kept: Checked | None = None


ANYBODY = Receiver()


def receiver_check(row: ProviderPayment, wanted: Receiver) -> None:
    """Note whose phone it is; refuse a payout to one that is neither theirs nor a payee's.

    To others it goes by their name: that is compared with the provider's. If that is another one,
    or is not told, the customer has to confirm it. What they confirm is noted with the payment;
    another try of it takes that over, and nobody is asked. Not in a transaction if a name is given,
    as that calls the provider. Raises PhoneNotConfirmed and NameNotConfirmed.
    """
    row.whose, payee = whose_phone(user_id=row.user_id, provider=row.provider, msisdn=row.msisdn)
    if row.kind != Kind.PAYOUT:
        return
    if payee is not None:
        row.name_verdict, row.confirmed_name = payee.verdict, payee.confirmed_name
    if row.whose != Whose.THIRD_PARTY:
        return
    found = wanted.kept or _found(row, wanted)
    if found is not None:
        row.name_verdict, row.confirmed_name = found


def kept_of(row: ProviderPayment) -> Checked | None:
    """Return what a payment keeps of its receiver's name; None if nobody was asked for it."""
    if not row.name_verdict:
        return None
    return Checked(NameVerdict(row.name_verdict), row.confirmed_name)


def _found(row: ProviderPayment, wanted: Receiver) -> Checked | None:
    """Return what the provider says of the name that was given; None if none was.

    Raises PhoneNotConfirmed and NameNotConfirmed.
    """
    if not wanted.name:
        if wanted.only_known:
            raise PhoneNotConfirmed
        return None
    found = name_check(
        row.provider,
        msisdn=row.msisdn,
        country=row.country,
        currency=row.currency,
        name=wanted.name,
        network=row.network,
    )
    confirmed_check(found, wanted.confirmed)
    return found


def confirmed_check(found: Checked, confirmed: str | None) -> None:
    """Refuse another name than was given, unless it is the very one that the customer confirmed.

    A confirmation counts for what the provider says now: one that is sent unseen, for another
    phone, or after the number has another owner is none. Raises NameNotConfirmed.
    """
    if found.verdict != NameVerdict.SAME and confirmed != found.shown:
        raise NameNotConfirmed(verdict=found.verdict.value, shown_name=found.shown)
