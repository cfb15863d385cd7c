"""Reads of payees, and whose a phone is."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import QuerySet

from hoardrun.payments.payees.errors import PayeeNotFound
from hoardrun.payments.payees.models import Payee
from hoardrun.payments.tiers.choices import Whose
from hoardrun.payments.tiers.selectors import owns_phone
from realtime.core.text import row_id


def payees_list(user_id: int) -> QuerySet[Payee]:
    """Select the payees of a customer, by name."""
    return Payee.objects.filter(user_id=user_id).order_by("name", "pk")


def payee_get(*, user_id: int, payee_id: int | str, is_locked: bool = False) -> Payee:
    """Return one of a customer's payees, locked if it is to be changed. Raises PayeeNotFound."""
    mine = payees_list(user_id)
    if is_locked:
        mine = mine.select_for_update(no_key=True)
    found = mine.filter(pk=row_id(payee_id)).first()
    if found is None:
        raise PayeeNotFound
    return found


class Owner(NamedTuple):
    """Whose a phone is, and the payee if it is one's."""

    whose: Whose
    payee: Payee | None = None


def whose_phone(*, user_id: int, provider: str, msisdn: str) -> Owner:
    """Say whose a phone is, as a customer pays by it or to it; `msisdn` is E.164."""
    if owns_phone(user_id=user_id, msisdn=msisdn):
        return Owner(Whose.OWN)
    known = Payee.objects.filter(
        user_id=user_id, provider=provider, msisdn=msisdn, confirmed_at__isnull=False
    )
    payee = known.order_by("-confirmed_at", "pk").first()
    return Owner(Whose.THIRD_PARTY if payee is None else Whose.PAYEE, payee)
