"""Pair lines that name no payment with what looks like them: the phone, or the account. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from hoardrun.payments.cleaning import NO_REFERENCE
from hoardrun.payments.statements.lines import Line
from hoardrun.payments.statements.ours import Ours

NEAR = timedelta(minutes=10)
# The clock of a provider may be this much behind ours: money that came earlier was not asked for.
SKEW = timedelta(minutes=1)
DIGITS = 9  # of a phone without its country
# A phone of which some digits are masked: only its end tells one from others.
_MASKED = re.compile(r"[0-9*xX]{6,}[0-9]{3}")

Pairs = Iterator[tuple[Line, Ours]]


def by_likeness(lines: Iterable[Line], payments: Iterable[Ours]) -> Pairs:
    """Pair lines with the phone of a payment."""
    ours = _by_amount(payments, _phone)
    return _only_ones(
        {
            line: [
                payment
                for phone in _phones(line.party)
                for payment in ours.get((line.amount, phone), ())
                if _is_near(line, payment)
            ]
            for line in lines
        }
    )


def by_account(lines: Iterable[Line], payments: Iterable[Ours], *, shared: Container[str]) -> Pairs:
    """Pair lines with the account of a payment, which are of no other phone.

    A masked phone must fit; where it is not masked, somebody else has paid. Without any, the
    account must be that of one payment alone. Whatever was asked for before the money came is a
    second one, as its payer may have been slow.
    """
    ours = _by_amount(payments, _account)
    return _only_ones(
        {
            line: [
                payment
                for payment in ours.get((line.amount, line.account), ())
                if line.at - payment.at >= -SKEW
                and (
                    _fits(line.party, payment.msisdn)
                    if line.party
                    else payment.account not in shared
                )
            ]
            for line in lines
            if not _phones(line.party)
        }
    )


def _by_amount(
    payments: Iterable[Ours], word_of: Callable[[Ours], str]
) -> Mapping[tuple[Decimal, str], list[Ours]]:
    """Group by amount and a word what may have a line that does not name it."""
    groups: defaultdict[tuple[Decimal, str], list[Ours]] = defaultdict(list)
    for payment in payments:
        never_left = payment.moved_nothing and not payment.was_sent
        if not payment.receipt and not never_left and (word := word_of(payment)):
            groups[payment.amount, word].append(payment)
    return groups


def _only_ones(alike: Mapping[Line, Sequence[Ours]]) -> Pairs:
    """Pair what is alike and near in time, where neither side has a second one."""
    claims = Counter(
        payment.id
        for line, payments in alike.items()
        for payment in payments
        if _is_near(line, payment)
    )
    for line, found in alike.items():
        if len(found) == 1 and _is_near(line, found[0]) and claims[found[0].id] == 1:
            yield line, found[0]


def _is_near(line: Line, payment: Ours) -> bool:
    return -SKEW <= line.at - payment.at <= NEAR


def _account(payment: Ours) -> str:
    return "" if payment.account == NO_REFERENCE else payment.account


def shared_accounts(payments: Iterable[Ours]) -> set[str]:
    """Return the accounts that more than one payment has; a refund has that of its payment."""
    uses = Counter(payment.account for payment in payments if not payment.refunds)
    return {account for account, times in uses.items() if times > 1}


def _phone(payment: Ours) -> str:
    return payment.msisdn[-DIGITS:] if len(payment.msisdn) > DIGITS else ""


def _phones(party: str) -> set[str]:
    """Return what may be phones in a text, without their country."""
    return {digits[-DIGITS:] for digits in re.findall(rf"[0-9]{{{DIGITS},}}", party)}


def _fits(party: str, msisdn: str) -> bool:
    """Say whether a masked phone in a text may be that of a payment."""
    own = msisdn.removeprefix("+")
    forms = (own, own[-DIGITS:], f"0{own[-DIGITS:]}")
    shown = [re.sub("[*xX]+", "[0-9]+", masked) for masked in _MASKED.findall(party)]
    return any(re.fullmatch(pattern, form) for pattern in shown for form in forms)
