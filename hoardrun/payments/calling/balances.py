"""What our own accounts at providers hold, asked for once a minute by one worker of all.

Payouts that an account cannot cover are refused here, before they are sent.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Count, Q, Sum
from django.db.models.functions import Now

from hoardrun.ledger.journal.floats import Purse
from hoardrun.ledger.money import minor_of
from hoardrun.payments.at_providers import books_allow, floats_check
from hoardrun.payments.calling import calls
from hoardrun.payments.conditions import MOVED_NOTHING
from hoardrun.payments.models import ProviderBalance, ProviderPayment
from hoardrun.payments.options import options
from hoardrun.payments.providers.interface import Kind
from hoardrun.payments.providers.registry import PROVIDERS, SETUPS
from hoardrun.payments.providers.settings import base_url, configured, given, keys_of
from hoardrun.payments.tariffs.charging import cost_of
from realtime import clock, jobs
from realtime.errors import Refused

logger = logging.getLogger(__name__)

JOB, EVERY_SECONDS = "payment_balances", 60.0
BELIEVED_FOR = timedelta(minutes=10)
_KINDS: tuple[Kind, ...] = ("payout", "collect")
_OUT: tuple[Kind, ...] = ("payout", "refund")


class Account(NamedTuple):
    """An account of ours at a provider; one that holds for both kinds is that of payouts."""

    provider: str
    kind: Kind
    currency: str


def ask() -> int:
    """Ask for all balances, if that is due; return how many were told. Not in a transaction."""
    if not configured() or not jobs.claim(JOB, EVERY_SECONDS / options().time_scale):
        return 0
    before = books_allow()
    told = {account: _ask(account) for account in _accounts()}
    floats_check(_by_purse(told), before)
    return sum(minor is not None for minor in told.values())


def covers(provider: str, kind: str, currency: str, minor: int) -> bool:
    """Return False only if a recent balance is too small for a payout or a refund.

    The provider takes its charge from the same account. What was sent since it told the balance,
    and what is still to be sent, is taken off.
    """
    told = ProviderBalance.objects.filter(
        provider=provider, kind="payout", currency=currency, told_at__gt=Now() - BELIEVED_FOR
    ).first()
    if told is None:
        return True
    is_later = Q(sent_at__isnull=True) | Q(sent_at__gt=told.told_at)
    going = ProviderPayment.objects.filter(
        is_later, provider=provider, kind__in=_OUT, currency=currency
    ).exclude(MOVED_NOTHING)
    sums = going.values_list("kind", "minor").annotate(count=Count("pk")).order_by()
    return cost_of(provider, currency, [(kind, minor, 1), *sums]) <= told.minor


def totals() -> Mapping[tuple[str, str], int]:
    """Sum the last known balances, by provider and currency."""
    rows = ProviderBalance.objects.values_list("provider", "currency").annotate(all=Sum("minor"))
    return {(provider, currency): minor for provider, currency, minor in rows}


def _accounts() -> Iterator[Account]:
    for name in configured():
        asked = set()
        for kind in _KINDS:
            if SETUPS[name].missing(given(name), kind):
                continue
            question = PROVIDERS[name].ask_balance(keys_of(name, kind), "", kind)
            if question is None or question.path in asked:
                continue
            asked.add(question.path)
            yield from (Account(name, kind, currency) for currency in given(name).currencies)


def _by_purse(told: Mapping[Account, int | None]) -> Mapping[Purse, int]:
    """Add up what was told just now, where all accounts with one float were told."""
    untold = {(each.provider, each.currency) for each, minor in told.items() if minor is None}
    sums: Counter[Purse] = Counter()
    for each, minor in told.items():
        purse = each.provider, each.currency
        if minor is not None and purse not in untold:
            sums[purse] += minor
    return sums


def _ask(account: Account) -> int | None:
    """Ask for one balance and store it; return it in minor units, if it was told."""
    found = calls.ask_balance(*account, base_url(account.provider))
    if found is None:
        logger.warning("%s does not tell its balance in %s", account.provider, account.currency)
        return None
    return _store(account, found)


def _store(account: Account, found: Decimal) -> int | None:
    try:
        minor = minor_of(found, account.currency)
    except Refused:
        logger.error("%s tells a balance that cannot be", account.provider)
        return None
    ProviderBalance.objects.update_or_create(
        **account._asdict(), defaults={"minor": minor, "told_at": clock.now()}
    )
    return minor
