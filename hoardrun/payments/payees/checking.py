"""Ask a provider for the name of a wallet's owner, and compare it with that of the customer."""

from __future__ import annotations

from typing import NamedTuple

from hoardrun.payments.calling.name_check import owner_of
from hoardrun.payments.names import compare
from hoardrun.payments.payees.choices import MAX_NAME, NameVerdict


class Checked(NamedTuple):
    """How alike the names are, and that of the provider as a customer may see it."""

    verdict: NameVerdict
    shown: str


def name_check(
    provider: str, *, msisdn: str, country: str, currency: str, name: str, network: str = ""
) -> Checked:
    """Compare a name with that which the provider of a wallet has; `msisdn` is in E.164.

    Not in a transaction, as it makes a call, which may take some seconds.
    """
    theirs = owner_of(provider, msisdn=msisdn, country=country, currency=currency, network=network)
    if not theirs:
        return Checked(NameVerdict.UNKNOWN, "")
    return Checked(NameVerdict(compare(name, theirs)), shown(theirs))


def shown(name: str) -> str:
    """Return a name as it may be shown to a stranger: the first word, and initials.

    What is not printed is left out, as it could turn what a customer reads and confirms.
    """
    printed = "".join(each for each in " ".join(name.split()) if each.isprintable())
    first, *rest = printed.split() or [""]
    return " ".join([first, *(f"{word[0]}." for word in rest)])[:MAX_NAME].rstrip()
