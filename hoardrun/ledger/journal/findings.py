"""What must hold of an account and of its chain of postings. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from hoardrun.ledger.choices import AccountType
from hoardrun.ledger.money import amount_human, amount_of

NOTHING = "nothing"


class Finding(NamedTuple):
    """One thing that is wrong: what was looked at, what it should be, and what it is."""

    check: str
    account_id: int | None
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        where = "" if self.account_id is None else f"account {self.account_id}, "
        return f"{self.check}: {where}{self.what}: expected {self.expected}, found {self.found}"


class AccountFacts(NamedTuple):
    """An account as it stands: `held` is the sum of its open outbound transactions."""

    account_id: int
    type: str
    currency: str
    available: Decimal
    current: Decimal
    held: Decimal
    book_balance: int | None = None
    book_version: int | None = None


class Link(NamedTuple):
    """A customer's side of a posting."""

    account_id: int
    version: int
    balance: int
    change: int
    source: str


def account_findings(facts: AccountFacts, links: Iterable[Link]) -> Iterator[Finding]:
    """Check an account against its postings, which come in the order of their versions."""
    pk, currency = facts.account_id, facts.currency

    def found(check: str, what: str, expected: Any, got: Any) -> Finding:
        return Finding(check, pk, what, str(expected), str(got))

    posted = version = 0
    for link in links:
        version, posted = version + 1, posted + link.change
        if link.version != version:
            yield found("chain", f"number of {link.source}", version, link.version)
            version = link.version
        if link.balance != posted:
            what = f"balance after {link.source}"
            yield found(
                "chain", what, money_text(posted, currency), money_text(link.balance, currency)
            )
    if facts.book_balance is not None and (posted, version) != facts[-2:]:
        last = f"{money_text(facts.book_balance, currency)} after {facts.book_version}"
        yield found("book", "postings", f"{money_text(posted, currency)} after {version}", last)
    if amount_of(posted, currency) != facts.current:
        current = amount_human(facts.current, currency)
        yield found("balance", "current balance", money_text(posted, currency), current)
    free = facts.available - (facts.current - facts.held)
    # A credit account adds its line, which is stored nowhere else and never below zero.
    if free < 0 or (free and facts.type != AccountType.CREDIT):
        expected = amount_human(facts.current - facts.held, currency)
        got = amount_human(facts.available, currency)
        yield found("hold", "available balance", expected, got)


def money_text(minor: int, currency: str) -> str:
    """Write an amount of minor units for people."""
    return amount_human(amount_of(minor, currency), currency)
