"""The options of payments, which providers have and how they are asked.

`hoardrun.settings` reads all tables from the environment into settings.PAYMENTS, by the names of
their variables. Each provider's own are in its folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

from django.conf import settings

from hoardrun.payments.providers.airtel.options import Options as Airtel
from hoardrun.payments.providers.daraja.options import Options as Daraja
from hoardrun.payments.providers.fields import amounts, one_of, origin
from hoardrun.payments.providers.mtn.options import Options as Mtn
from hoardrun.payments.providers.pawapay.options import Options as PawaPay
from realtime.option_fields import number, option, split, whole

PROVIDERS: Mapping[str, type[Any]] = {
    "mtn": Mtn,
    "daraja": Daraja,
    "airtel": Airtel,
    "pawapay": PawaPay,
}

T = TypeVar("T")


def _parse_providers(given: str) -> tuple[str, ...]:
    chosen = split(given.lower())
    if set(chosen) - set(PROVIDERS) or len(set(chosen)) != len(chosen):
        raise ValueError(f"takes each of {', '.join(PROVIDERS)} at most once.")
    return chosen


@dataclass(frozen=True)
class PaymentOptions:
    """The options that all providers of payments share."""

    PREFIX: ClassVar[str] = "PAYMENTS_"

    providers: tuple[str, ...] = option((), _parse_providers)
    """The providers of mobile money that are set up: `mtn`, `daraja`, `airtel`, `pawapay`; see
    [payments](payments.md)."""
    callback_url: str = origin(shown="`PUBLIC_BASE_URL`")
    """The address at which providers reach this deployment. Some refuse one that holds their
    name."""
    believe_signatures: tuple[str, ...] = option((), _parse_providers)
    """Providers whose signed callbacks complete a payment without a question about it."""
    payouts_to: str = one_of("known", "anybody")
    """Whom customers pay out to over HTTP: `known` are their own phones, once proven, and payees
    whose name they have confirmed; or `anybody`."""
    approve_above: tuple[tuple[str, Decimal], ...] = amounts()
    """The amounts above which a payout, or what refunds give back of a payment, is kept until two
    members of staff have accepted it, such as `UGX:5000000,KES:150000`; in other currencies none
    is."""
    in_flight: int = whole(8, 1, 100)
    """Calls to one provider that a worker makes at a time."""
    time_scale: float = number(1, 1, 1000)
    """Divides the waits between questions about a payment, for tests and demos."""


TABLES: tuple[type[Any], ...] = (PaymentOptions, *PROVIDERS.values())


def read(table: type[T]) -> T:
    """Read the options of one table from settings.PAYMENTS."""
    given: Mapping[str, Any] = settings.PAYMENTS
    known: Any = table
    names = {each.name: f"{known.PREFIX}{each.name.upper()}" for each in fields(known)}
    return table(**{name: given[key] for name, key in names.items() if key in given})


def options() -> PaymentOptions:
    """Read the options that all providers share."""
    return read(PaymentOptions)
