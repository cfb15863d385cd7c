"""The options of Airtel Money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hoardrun.payments.providers import fields
from realtime.option_fields import text, words


@dataclass(frozen=True)
class Options:
    """The application at Airtel."""

    PREFIX: ClassVar[str] = "AIRTEL_"

    url: str = fields.origin("https://openapi.airtel.africa")
    """Where new payments go; `https://openapiuat.airtel.africa` is for tests."""
    currencies: tuple[str, ...] = fields.currencies()
    """The currencies of the account, such as `UGX`."""
    client_id: str = text()
    """The client id of the application."""
    client_secret: str = text(secret=True)
    """Its client secret."""
    pin: str = text(secret=True)
    """The PIN of disbursements, sealed with Airtel's key; without it there are no payouts."""
    hash_secret: str = text(secret=True)
    """The key of the hash in callbacks, if their authentication is switched on."""
    hashed: str = fields.one_of("body", "transaction")
    """The part of a callback that is hashed: `body` or `transaction`."""
    callback_tokens: tuple[str, ...] = words(secret=True)
    """Secret parts, of 32 characters or more, of the URL that Airtel calls for all payments; two
    while one replaces the other. `manage.py payments --urls` shows it."""
    addresses: tuple[str, ...] = fields.networks()
    """The addresses and networks that its callbacks come from, as Airtel tells them; others are
    taken, and marked."""
    pace: float = fields.pace(10)
    """Calls that may begin in a second, of all workers together."""
