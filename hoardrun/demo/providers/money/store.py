"""The payments that the providers know, in the order in which they came."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container
from decimal import Decimal
from typing import get_args

from hoardrun.demo.providers.money.outcomes import End, Turn
from hoardrun.demo.providers.money.payment import Kind, Payment
from hoardrun.demo.providers.money.statements import FLOAT, movements

KINDS = get_args(Kind)


class Store:
    """Payments by their names. `version` grows with each change that the page shows."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.payments: list[Payment] = []
        self.version = 0
        self._now = now
        self._index: dict[tuple[str, str], Payment] = {}
        self._lock = threading.Lock()

    def clear(self) -> None:
        with self._lock:
            self.payments.clear()
            self._index.clear()
            self.version += 1

    def known(self, provider: str, name: str, *kinds: Kind) -> Payment | None:
        """Return a payment by its id, the provider's name for it, or its receipt."""
        found = self._index.get((provider, name))
        return found if found and (not kinds or found.kind in kinds) else None

    def of(self, provider: str) -> list[Payment]:
        with self._lock:
            return [each for each in self.payments if each.provider == provider]

    def keep(self, payment: Payment) -> bool:
        """Add a payment; False if there is one of its id."""
        with self._lock:
            if (payment.provider, payment.id) in self._index:
                return False
            self.payments.append(payment)
            for name in filter(None, (payment.id, payment.theirs, payment.receipt)):
                self._index[payment.provider, name] = payment
            self.version += 1
        return True

    def look(self, provider: str, name: str, *kinds: Kind) -> Payment | None:
        """Return the payment that is asked about; None if the provider would not find it."""
        found = self.known(provider, name, *kinds)
        if found is None or found.outcome.is_hidden:
            return None
        found.looks += 1
        return found

    def is_broken(self, payment: Payment) -> bool:
        """Say whether this request about a payment meets a fault, and count it."""
        with self._lock:
            payment.broken -= 1
            return payment.broken >= 0

    def end(self, payment: Payment, end: End) -> Turn | None:
        """End a payment that waits, now; return the turn that does it, if it still waited."""
        now = self._now()
        with self._lock:
            if payment.standing(now) != "waiting":
                return None
            turn = Turn(now - payment.began, end)
            payment.turns = [turn]
            self.version += 1
        return turn

    def ignore(self, payment: Payment) -> None:
        """Put a prompt away; it stands until its time is over."""
        payment.is_ignored = True
        self.changed()

    def changed(self) -> None:
        """Say that the page has something new to show."""
        with self._lock:
            self.version += 1

    def balance(self, provider: str, currency: str, kinds: Container[str] = KINDS) -> Decimal:
        """Return what the merchant has, after all that was paid in and out.

        `kinds` are those of an account that holds for some payments only.
        """
        ours = [
            each for each in self.of(provider) if each.currency == currency and each.kind in kinds
        ]
        return FLOAT + sum((each.amount for each in movements(ours, self._now())), Decimal(0))
