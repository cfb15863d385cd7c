"""Save payees with a name that their provider is asked about, confirm and remove them.

Each change is told to all devices of the customer, last in its transaction.
"""

from __future__ import annotations

from typing import NamedTuple

import phonenumbers
from django.db import IntegrityError, transaction
from phonenumbers import NumberParseException, PhoneNumberFormat

from hoardrun.payments.messages import PayeeChanged
from hoardrun.payments.payees.checking import name_check
from hoardrun.payments.payees.choices import MAX_NAME, NameVerdict
from hoardrun.payments.payees.errors import TooManyPayees
from hoardrun.payments.payees.models import Payee
from hoardrun.payments.payees.payloads import payee_changed
from hoardrun.payments.payees.selectors import payee_get, payees_list
from hoardrun.payments.providers import settings as providers
from notifications.validation import text
from realtime import clock
from realtime.errors import InvalidInput
from realtime.publish import publish
from realtime.retry import one_transaction
from realtime.streams import user_stream

MAX_PAYEES = 100  # of one customer


class Saved(NamedTuple):
    """A payee, whether this call saved it, and the name to show, which is not kept."""

    payee: Payee
    created: bool
    shown: str


def payee_add(*, user_id: int, provider: str, currency: str, msisdn: str, name: str) -> Saved:
    """Save a payee, after asking its provider for the name; one that is there stays as it is.

    If the names are the same it is confirmed; else `payee_confirm` does that. Not within a
    transaction: it calls the provider. Raises InvalidInput and TooManyPayees.
    """
    if not providers.takes(provider, "payout", currency):
        raise InvalidInput("provider", f"{provider!r:.20} pays out no {currency!r:.5} here")
    name = text("name", name, MAX_NAME)
    number, country = _number(msisdn)
    place = {"provider": provider, "currency": currency, "msisdn": number}
    mine = payees_list(user_id)
    if (before := mine.filter(**place).first()) is not None:
        return Saved(before, False, "")
    # Of two at once, both may be the last: the bound protects the list, and is no promise.
    if mine.count() >= MAX_PAYEES:
        raise TooManyPayees(MAX_PAYEES)
    verdict, shown = name_check(
        provider, msisdn=number, country=country, currency=currency, name=name
    )
    now = clock.now()
    row = Payee(
        user_id=user_id,
        name=name,
        verdict=verdict,
        checked_at=now,
        confirmed_at=now if verdict == NameVerdict.SAME else None,
        **place,
    )
    try:
        with transaction.atomic():
            row.save()
            publish(user_stream(user_id), payee_changed(row))
    except IntegrityError:  # the same was saved meanwhile
        return Saved(payees_list(user_id).get(**place), False, "")
    return Saved(row, True, shown)


@one_transaction
def payee_confirm(*, user_id: int, payee_id: int | str) -> Payee:
    """Confirm that this is who is meant, whatever name the provider has. Raises PayeeNotFound."""
    row = payee_get(user_id=user_id, payee_id=payee_id, is_locked=True)
    if row.confirmed_at is None:
        row.confirmed_at = clock.now()
        row.save(update_fields=["confirmed_at"])
        publish(user_stream(user_id), payee_changed(row))
    return row


@one_transaction
def payee_remove(*, user_id: int, payee_id: int | str) -> None:
    """Remove a payee. Raises PayeeNotFound."""
    row = payee_get(user_id=user_id, payee_id=payee_id, is_locked=True)
    told = PayeeChanged(id=str(row.pk))
    row.delete()
    publish(user_stream(user_id), told)


def _number(msisdn: str) -> tuple[str, str]:
    """Return a number in E.164, and its country."""
    try:
        number = phonenumbers.parse(msisdn, None)
    except NumberParseException:
        raise InvalidInput(
            "msisdn", "is no phone number; give it with its country, such as +256 772 123 456"
        ) from None
    country = phonenumbers.region_code_for_number(number)
    if not phonenumbers.is_valid_number(number) or country is None:
        raise InvalidInput("msisdn", "is no number that exists; look at its digits")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164), country
