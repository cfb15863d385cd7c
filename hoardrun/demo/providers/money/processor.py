"""What all providers share: they take payments on, let them take their turns, and call back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from hoardrun.demo.providers.http import Told
from hoardrun.demo.providers.money.callbacks import Callback, Sender, forged
from hoardrun.demo.providers.money.clock import Agenda, Clock
from hoardrun.demo.providers.money.outcomes import End, Turn
from hoardrun.demo.providers.money.payment import Payment
from hoardrun.demo.providers.money.store import Store
from hoardrun.demo.providers.money.tokens import Tokens
from hoardrun.demo.providers.mood import Mood

PAGE = "<html><head><title>403 Forbidden</title></head><body>Request blocked.</body></html>"


class Provider(Protocol):
    """The side of a provider that writes callbacks."""

    def callback(self, payment: Payment, end: End, *, is_forged: bool = False) -> Callback:
        """Return the callback that says how a payment ends, as the provider or a forger has it."""


@dataclass(frozen=True)
class Answers:
    """The answers of a provider to a request that is right."""

    accepted: Told
    refused: Told
    broken: Told
    exists: Told


class Processor:
    """Carries payments through their outcomes. `wait` blocks for as long as a silence lasts."""

    def __init__(self, pace: float, mood: Mood, wait: Callable[[], object]) -> None:
        self.agenda = Agenda(Clock(pace))
        self.providers: dict[str, Provider] = {}
        self.tokens = Tokens(self.now)
        self.store = Store(self.now)
        self.sender = Sender(self.agenda, mood)
        self._wait = wait

    def now(self) -> float:
        return self.agenda.clock.now()

    def clear(self) -> None:
        self.agenda.clear()
        self.store.clear()
        self.sender.posted.clear()

    def take(self, payment: Payment, answers: Answers) -> Told | None:
        """Take a payment on, and answer as its outcome has it; None closes the connection."""
        outcome = payment.outcome
        match outcome.answer:
            case "page":
                return Told(403, PAGE.encode(), {"Content-Type": "text/html"})
            case "refused":
                return answers.refused
            case "lost_and_silent":
                self._wait()
                return None
        if not self.store.keep(payment):
            return answers.exists
        turns = list(payment.turns)
        if outcome.is_told_first:
            self.tell(payment, turns.pop(0))
        for turn in turns:
            self._later(payment, turn)
        if outcome.ends_tokens:
            self.tokens.end(payment.provider)
        if outcome.answer == "taken_and_silent":
            self._wait()
            return None
        return answers.broken if self.store.is_broken(payment) else answers.accepted

    def end(self, payment: Payment, end: End) -> None:
        """End a payment as its owner wants it, now, unless it has ended."""
        if turn := self.store.end(payment, end):
            self._later(payment, turn)

    def shaped(self, payment: Payment, told: Told) -> Told:
        """Give an answer about a payment the types of its outcome."""
        return replace(told, body=payment.shape(told.body))

    def tell(self, payment: Payment, turn: Turn) -> None:
        """Send the callback of a turn, unless another one has taken its place."""
        self.store.changed()
        if turn not in payment.turns or not turn.told or not payment.callback:
            return
        provider = self.providers[payment.provider]
        callback = provider.callback(payment, turn.end, is_forged=turn.is_forged)
        callback = replace(callback, method=payment.outcome.method)
        each = forged(callback) if turn.is_forged else callback
        self.sender.send([each] * payment.outcome.callbacks)

    def later(self, seconds: float, callback: Callback) -> None:
        """Send a callback after so many seconds."""
        self.agenda.at(self.now() + seconds, partial(self.sender.send, [callback]))

    def _later(self, payment: Payment, turn: Turn) -> None:
        self.agenda.at(payment.began + turn.after, partial(self.tell, payment, turn))
