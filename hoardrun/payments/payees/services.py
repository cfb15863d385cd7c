"""Save payees with a name that their provider is asked about, confirm and remove them.

Each change is told to all devices of the customer, last in its transaction.
"""

from __future__ import annotations

from typing import NamedTuple

import phonenumbers
from django.db import IntegrityError
from phonenumbers import NumberParseException, PhoneNumberFormat

from hoardrun.payments.messages import PayeeChanged
from hoardrun.payments.payees.checking import Checked, name_check
from hoardrun.payments.payees.choices import MAX_NAME, NameVerdict
from hoardrun.payments.payees.errors import NameNotConfirmed, TooManyPayees
from hoardrun.payments.payees.models import Payee
from hoardrun.payments.payees.payloads import payee_changed
from hoardrun.payments.payees.receivers import confirmed_check
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
    """Save a payee, after asking its provider for the name; one that is confirmed stays as it is.

    If the names are the same it is confirmed; else `payee_confirm` does that. One that waits for it
    is checked anew, under the name that is given now. Not within a transaction: it calls the
    provider. Raises InvalidInput and TooManyPayees.
    """
    if not providers.takes(provider, "payout", currency):
        raise InvalidInput("provider", f"{provider!r:.20} pays out no {currency!r:.5} here")
    name = text("name", name, MAX_NAME)
    number, country = _number(msisdn)
    place = {"provider": provider, "currency": currency, "msisdn": number}
    mine = payees_list(user_id)
    before = mine.filter(**place).first()
    if before is not None and before.confirmed_at is not None:
        return Saved(before, False, "")
    # Of two at once, both may be the last: the bound protects the list, and is no promise.
    if before is None and mine.count() >= MAX_PAYEES:
        raise TooManyPayees(MAX_PAYEES)
    found = name_check(provider, msisdn=number, country=country, currency=currency, name=name)
    try:
        row, created = _checked_store(Payee(user_id=user_id, name=name, **place), found)
    except IntegrityError:  # the same was saved meanwhile
        row, created = mine.get(**place), False
    return Saved(row, created, found.shown)


def payee_confirm(*, user_id: int, payee_id: int | str, shown_name: str) -> Payee:
    """Confirm that whoever has the name that was shown is meant, and return the payee.

    The provider is asked again, so that nobody is confirmed unseen, and not who had the number
    before. Not within a transaction. Raises PayeeNotFound and NameNotConfirmed.
    """
    row = payee_get(user_id=user_id, payee_id=payee_id)
    if row.confirmed_at is not None:
        return row
    number, country = _number(row.msisdn)
    found = name_check(
        row.provider, msisdn=number, country=country, currency=row.currency, name=row.name
    )
    confirmed_check(found, shown_name)
    return _confirmed_store(row, found)


@one_transaction
def _checked_store(wanted: Payee, found: Checked) -> tuple[Payee, bool]:
    """Store what the provider said of a payee, and whether it is a new one."""
    same = payees_list(wanted.user_id).filter(
        provider=wanted.provider, currency=wanted.currency, msisdn=wanted.msisdn
    )
    row = same.select_for_update(no_key=True).first()
    if row is not None and row.confirmed_at is not None:
        return row, False
    created = row is None
    row = row or wanted
    row.name, row.verdict, row.checked_at = wanted.name, found.verdict, clock.now()
    if found.verdict == NameVerdict.SAME:
        row.confirmed_at, row.confirmed_name = row.checked_at, found.shown
    row.save()
    publish(user_stream(row.user_id), payee_changed(row))
    return row, created


@one_transaction
def _confirmed_store(asked: Payee, found: Checked) -> Payee:
    """Store that the customer has confirmed what was found of a payee. Raises NameNotConfirmed."""
    row = payee_get(user_id=asked.user_id, payee_id=asked.pk, is_locked=True)
    if row.confirmed_at is not None:
        return row
    if row.name != asked.name:  # another device has given it another name: the verdict is of this
        raise NameNotConfirmed(verdict=found.verdict.value, shown_name=found.shown)
    now = clock.now()
    row.verdict, row.checked_at = found.verdict, now
    row.confirmed_at, row.confirmed_name = now, found.shown
    row.save()
    publish(user_stream(row.user_id), payee_changed(row))
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
