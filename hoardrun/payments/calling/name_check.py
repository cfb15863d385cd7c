"""Ask a provider whose wallet a number is, before money goes there."""

from __future__ import annotations

import uuid
from decimal import Decimal

from hoardrun.payments.calling import calls
from hoardrun.payments.calling.hosts import host
from hoardrun.payments.providers.interface import Order
from hoardrun.payments.providers.settings import base_url, takes
from realtime import clock
from realtime.outgoing import pacing


def owner_of(
    provider: str, *, msisdn: str, country: str, currency: str, network: str = ""
) -> str | None:
    """Return the name of a wallet's owner, as its provider has it; empty if it knows none.

    None: there is nobody to ask, or no answer. `msisdn` is in E.164. Not in a transaction, as it
    makes a call, which may take some seconds.
    """
    can = calls.has_name_check(provider) and takes(provider, "payout", currency)
    if not can or pacing.blocked([host(provider)]):
        return None
    order = Order(
        id=str(uuid.uuid4()),
        kind="payout",
        amount=Decimal(0),
        currency=currency,
        country=country,
        msisdn=msisdn,
        at=clock.now(),
        wallet=network,
    )
    return calls.ask_name(provider, order, base_url(provider))
