"""The options of M-Pesa by Daraja."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hoardrun.payments.providers import fields
from realtime.option_fields import text, words

COMMANDS = ("BusinessPayment", "SalaryPayment", "PromotionPayment")


@dataclass(frozen=True)
class Options:
    """The account at Safaricom."""

    PREFIX: ClassVar[str] = "DARAJA_"

    url: str = fields.origin("https://api.safaricom.co.ke")
    """Where new payments go; the sandbox is `https://sandbox.safaricom.co.ke`."""
    currencies: tuple[str, ...] = fields.currencies("KES")
    """The currency of the account."""
    consumer_key: str = text()
    """The consumer key of the app at Daraja."""
    consumer_secret: str = text(secret=True)
    """Its consumer secret."""
    shortcode: str = text()
    """The shortcode that customers pay to."""
    passkey: str = text(secret=True)
    """The passkey of pushes to it."""
    till: str = text()
    """The till of a shop that sells goods; without one the shortcode is a paybill."""
    payout_shortcode: str = text(shown="`DARAJA_SHORTCODE`")
    """The shortcode that payouts are made from."""
    initiator: str = text()
    """The user that makes payouts, reversals and questions about them."""
    security_credential: str = text(secret=True)
    """Its password, sealed with Safaricom's certificate."""
    command: str = fields.one_of(*COMMANDS)
    """The kind of payouts: `BusinessPayment`, `SalaryPayment` or `PromotionPayment`."""
    callback_tokens: tuple[str, ...] = words(secret=True)
    """Secret parts, of 32 characters or more, of the URL to which payments to an account are told;
    two while one replaces the other. `manage.py payments --urls` shows it."""
    addresses: tuple[str, ...] = fields.networks(shown="those that Safaricom is known to use")
    """The addresses and networks that its callbacks come from; others are taken, and marked."""
    pace: float = fields.pace(5)
    """Calls that may begin in a second, of all workers together."""
