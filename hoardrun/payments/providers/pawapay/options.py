"""The options of pawaPay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hoardrun.payments.providers import fields
from realtime.option_fields import text, words


@dataclass(frozen=True)
class Options:
    """The account at pawaPay."""

    PREFIX: ClassVar[str] = "PAWAPAY_"

    url: str = fields.origin("https://api.pawapay.io")
    """Where new payments go; the sandbox is `https://api.sandbox.pawapay.io`."""
    currencies: tuple[str, ...] = fields.currencies()
    """The currencies of the account, such as `UGX,KES`."""
    api_token: str = text(secret=True)
    """The token of the account."""
    public_keys: str = fields.texts_by_name()
    """The keys that sign its callbacks, as JSON: `{"id": "PEM"}`."""
    callback_tokens: tuple[str, ...] = words(secret=True)
    """Secret parts, of 32 characters or more, of the URL that pawaPay calls for all payments; two
    while one replaces the other. `manage.py payments --urls` shows it."""
    addresses: tuple[str, ...] = fields.networks()
    """The addresses and networks that its callbacks come from, as pawaPay tells them; others are
    taken, and marked."""
    pace: float = fields.pace(20)
    """Calls that may begin in a second, of all workers together."""
