"""What a run is to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import NamedTuple

from tests.services.proof import plan

SCALE = 20.0  # the times of payments, and of providers, are divided by it
OUTCOMES = tuple(range(24))
# The beginning of the numbers of each provider, the digits that tell payments apart, the currency.
NUMBERS = {
    "mtn": ("+25677", 5, "UGX"),
    "daraja": ("+2547", 6, "KES"),
    "airtel": ("+25670", 5, "UGX"),
    "pawapay": ("+25677", 5, "UGX"),
}
KINDS = ("collect", "payout")
# Payments of which all came, and is still there, so that they can be given back.
GIVEN_BACK = frozenset({0, 1, 6, 7, 20, 21, 22})
# Payments of M-Pesa whose phone also pays by its menu, at once: it never gets the prompt, does not
# answer it, or pays twice.
BY_MENU = frozenset({5, 6, 11, 12})
# What nobody can learn of pawaPay, whose stub has no statement: that it has reversed a payment,
# and that one was paid after its end, if its callback is lost.
LEFT_OUT = {("pawapay", 8), ("pawapay", 19)}


class Wish(NamedTuple):
    """A payment that is to be asked for, with a number that no other one of its provider has."""

    key: str
    provider: str
    kind: str
    outcome: int
    number: str
    currency: str
    amount: int


@dataclass(frozen=True)
class Plan(plan.Plan):
    """The plan of a run."""

    payments: int = 960
    workers: int = 2
    rate: float = 10.0  # payments a second, of all clients
    scale: float = SCALE
    users: int = 40
    outcomes: Sequence[int] = OUTCOMES
    refunds: float = 0.1  # the share of those that can be given back which is
    silence: float = 1.0  # seconds for which a provider that does not answer keeps a request

    def wishes(self) -> list[Wish]:
        """Return the payments, spread evenly over providers, kinds and outcomes."""
        return list(islice(self._all(), self.payments))

    def _all(self) -> Iterator[Wish]:
        turn = 0
        while True:
            for outcome, kind, (name, given) in product(self.outcomes, KINDS, NUMBERS.items()):
                if (name, outcome) in LEFT_OUT:
                    continue
                begin, digits, currency = given
                # Payouts take the upper half of the numbers.
                middle = turn + (kind == "payout") * 10**digits // 2
                number = f"{begin}{middle:0{digits}}{outcome:02}"
                amount = 1000 + (turn * 7 + outcome) % 500
                key = f"{name}-{kind}-{outcome}-{turn}"
                yield Wish(key, name, kind, outcome, number, currency, amount)
            turn += 1
