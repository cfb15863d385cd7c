"""Add and end rows of tariffs and limits.

What has held is never changed, so that a fee of a past day can be explained: a row ends, and
another one begins.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from hoardrun.ledger.money import amount_parse, currency_parse
from hoardrun.payments.fees import faults
from hoardrun.payments.providers.registry import PROVIDERS
from hoardrun.payments.tariffs.errors import TariffRefused
from hoardrun.payments.tariffs.models import ProviderFee, ProviderLimit, TariffRow
from hoardrun.payments.tariffs.selectors import today
from realtime.errors import InvalidInput
from realtime.retry import one_transaction


@one_transaction
def fee_add(**values: Any) -> ProviderFee:
    """Add a band of a tariff. Raises InvalidInput and TariffRefused."""
    row = ProviderFee(**values)
    _check(row, ("least", "most", "fixed"))
    others = _beside(ProviderFee, row)
    for fault in faults([row.band(), *(each.band() for each in others)]):
        raise TariffRefused(fault)
    _insert(row)
    return row


@one_transaction
def limit_add(**values: Any) -> ProviderLimit:
    """Add a limit. Raises InvalidInput and TariffRefused."""
    row = ProviderLimit(**values)
    _check(row, ("least", "most", "per_day"))
    wanted = row.limit()
    if any(
        wanted.meets(each.limit()) and each.tier == row.tier for each in _beside(ProviderLimit, row)
    ):
        raise TariffRefused("Another limit holds on some of these days: end it first")
    _insert(row)
    return row


def end_check(row: TariffRow, valid_to: date | None) -> None:
    """Refuse an end that would change the past, or let a row hold longer. Raises InvalidInput."""
    now = today()
    if row.valid_to is not None and row.valid_to <= now:
        raise InvalidInput("valid_to", "it has ended: add another row instead")
    if valid_to is None or (row.valid_to is not None and valid_to > row.valid_to):
        raise InvalidInput("valid_to", "it can only end sooner: add another row instead")
    if valid_to <= max(now, row.valid_from):
        raise InvalidInput("valid_to", "must be after today, and after its beginning")


def _check(row: TariffRow, amounts: tuple[str, ...]) -> None:
    if row.provider not in PROVIDERS:
        raise InvalidInput("provider", f"takes one of {', '.join(PROVIDERS)}")
    currency_parse(row.currency)
    if row.valid_to is not None and row.valid_to <= row.valid_from:
        raise InvalidInput("valid_to", "must be after valid_from")
    for name in amounts:
        if (value := getattr(row, name)) is not None:
            setattr(row, name, amount_parse(value, row.currency, allow_zero=True))
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise InvalidInput(**error.message_dict) from None


def _beside(model: Any, row: TariffRow) -> list[Any]:
    """Return the rows about the same, locked, so that none is ended meanwhile."""
    same = {name: getattr(row, name) for name in ("provider", "kind", "currency")}
    return list(model._default_manager.select_for_update(no_key=True).filter(**same).order_by("pk"))


def _insert(row: TariffRow) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise TariffRefused("The same is there already, or it says nothing") from None
