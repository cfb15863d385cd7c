"""The options of MTN MoMo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hoardrun.payments.providers import fields
from realtime.option_fields import text


@dataclass(frozen=True)
class Options:
    """The account at MTN MoMo: collections and disbursements have keys of their own."""

    PREFIX: ClassVar[str] = "MTN_"

    url: str = fields.origin("https://momoapi.momo.africa")
    """The platform that new payments go to, such as `https://sandbox.momodeveloper.mtn.com`. A
    payment is asked about on the one that took it."""
    environment: str = text()
    """MTN's name of the country, such as `mtnuganda`; `sandbox` for its sandbox."""
    currencies: tuple[str, ...] = fields.currencies()
    """The currencies of the account, such as `UGX`; the sandbox has `EUR`."""
    collection_user: str = text()
    """The API user of collections."""
    collection_key: str = text(secret=True)
    """Its API key."""
    collection_subscription_key: str = text(secret=True)
    """The subscription key of collections."""
    disbursement_user: str = text()
    """The API user of disbursements, for payouts and refunds."""
    disbursement_key: str = text(secret=True)
    """Its API key."""
    disbursement_subscription_key: str = text(secret=True)
    """The subscription key of disbursements."""
    addresses: tuple[str, ...] = fields.networks()
    """The addresses and networks that its callbacks come from, as MTN tells them; others are taken,
    and marked."""
    pace: float = fields.pace(10)
    """Calls that may begin in a second, of all workers together."""
