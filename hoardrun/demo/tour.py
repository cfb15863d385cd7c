"""A customer of the demo with an account for each outcome of a payment, which each was asked for.

So the console shows all of them within a minute or two of the first start.
"""

from __future__ import annotations

from django.contrib.auth.models import User

from hoardrun.demo.providers.money.outcomes import OUTCOMES
from hoardrun.ledger.management.commands.seed_demo import user_ensure
from hoardrun.ledger.models import Account
from hoardrun.ledger.services import account_open
from hoardrun.payments.choices import Kind
from hoardrun.payments.creating import payment_create
from hoardrun.payments.providers.settings import takes

LOGIN = {
    "username": "outcomes",
    "name": "All Outcomes",
    "password": "outcomes-demo-pass",
    "role": "customer",
}
AMOUNT, CURRENCY = "5000", "UGX"
# The outcomes are dealt out to these in turn: many faults of one would stop its calls for a while.
# Of each: how its phones begin, and the network that it is to reach.
GATEWAYS = {
    "mtn": ("+2567712345", ""),
    "airtel": ("+2567012345", ""),
    "pawapay": ("+2567712345", "MTN_MOMO_UGA"),
}


def seed() -> None:
    """Create the customer with their accounts and payments, unless there are some."""
    user = user_ensure(LOGIN)
    gateways = [name for name in GATEWAYS if takes(name, "collect", CURRENCY)]
    if not gateways or Account.objects.filter(user=user).exists():
        return
    for index, (digits, outcome) in enumerate(OUTCOMES.items()):
        _ask(user, f"{digits:02}", outcome.title, gateways[index % len(gateways)])


def _ask(user: User, digits: str, title: str, gateway: str) -> None:
    begins, network = GATEWAYS[gateway]
    account = account_open(user_id=user.pk, currency=CURRENCY, name=f"{digits} · {title}"[:60])
    payment_create(
        account_id=account.pk,
        provider=gateway,
        kind=Kind.COLLECT,
        amount=AMOUNT,
        msisdn=f"{begins}{digits}",
        network=network,
        description=title,
        idempotency_key=f"outcome-{digits}",
    )
