"""What all providers of payments share: the payments, their turns, and callbacks about them."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Protocol

from hoardrun.demo.providers.http import Told
from hoardrun.demo.providers.money.clock import Agenda, Clock
from hoardrun.demo.providers.money.payment import Kind, Payment
from hoardrun.demo.providers.money.posting import STRANGER, TRIES, Letter, forged, post
from hoardrun.demo.providers.money.statements import FLOAT, movements
from hoardrun.demo.providers.money.stories import End, Turn
from hoardrun.demo.providers.mood import Mood

PAGE = "<html><head><title>403 Forbidden</title></head><body>Request blocked.</body></html>"


class Voice(Protocol):
    """The side of a provider that calls back."""

    def letter(self, payment: Payment, end: End, *, is_forged: bool = False) -> Letter:
        """Return the callback that says how a payment ends, as the provider or a forger has it."""


@dataclass(frozen=True)
class Answers:
    """The answers of a provider to a request that is right."""

    accepted: Told
    refused: Told
    broken: Told
    exists: Told


class Desk:
    """Payments in the order in which they came. `wait` blocks for as long as a silence lasts."""

    def __init__(self, pace: float, mood: Mood, wait: Callable[[], object]) -> None:
        self.agenda = Agenda(Clock(pace))
        self.voices: dict[str, Voice] = {}
        self.payments: list[Payment] = []
        self.posted: list[tuple[Letter, int]] = []  # with the status of the answer; 0: none
        self.version = 0
        self._mood = mood
        self._wait = wait
        self._tokens: dict[str, tuple[str, float]] = {}
        self._index: dict[tuple[str, str], Payment] = {}
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.agenda.clock.now()

    def clear(self) -> None:
        self.agenda.clear()
        with self._lock:
            self.payments.clear()
            self._index.clear()
            self.posted.clear()
            self.version += 1

    # -- tokens

    def issue(self, scope: str, seconds: float) -> str:
        """Return a token for a provider, or for one product of it."""
        token = secrets.token_urlsafe(32)
        self._tokens[token] = scope, self.now() + seconds
        return token

    def holds(self, scope: str, token: str) -> bool:
        """Say whether a token opens the calls of a scope."""
        found, until = self._tokens.get(token, ("", 0.0))
        return found == scope and until > self.now()

    def was_issued(self, token: str) -> bool:
        return token in self._tokens

    def end_tokens(self, provider: str) -> None:
        for token, (scope, _) in list(self._tokens.items()):
            if scope.startswith(provider):
                self._tokens[token] = scope, 0.0

    # -- payments

    def known(self, provider: str, name: str, *kinds: Kind) -> Payment | None:
        """Return a payment by its id, the provider's name for it, or its receipt."""
        found = self._index.get((provider, name))
        return found if found and (not kinds or found.kind in kinds) else None

    def of(self, provider: str) -> list[Payment]:
        with self._lock:
            return [each for each in self.payments if each.provider == provider]

    def take(self, payment: Payment, answers: Answers) -> Told | None:
        """Take a payment on, and answer as its story has it; None closes the connection."""
        story = payment.story
        match story.answer:
            case "page":
                return Told(403, PAGE.encode(), {"Content-Type": "text/html"})
            case "refused":
                return answers.refused
            case "lost_and_silent":
                self._wait()
                return None
        if not self.keep(payment):
            return answers.exists
        turns = list(payment.turns)
        if story.is_told_first:
            self.tell(payment, turns.pop(0))
        for turn in turns:
            self._later(payment, turn)
        if story.ends_tokens:
            self.end_tokens(payment.provider)
        if story.answer == "taken_and_silent":
            self._wait()
            return None
        return answers.broken if self.is_broken(payment) else answers.accepted

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
        if found is None or found.story.is_hidden:
            return None
        found.looks += 1
        return found

    def is_broken(self, payment: Payment) -> bool:
        """Say whether this request about a payment meets a fault, and count it."""
        with self._lock:
            payment.broken -= 1
            return payment.broken >= 0

    def end(self, payment: Payment, end: End) -> None:
        """End a payment as its owner wants it, now."""
        now = self.now()
        with self._lock:
            if payment.standing(now) != "waiting":
                return
            turn = Turn(now - payment.began, end)
            payment.turns = [turn]
            self.version += 1
        self._later(payment, turn)

    def ignore(self, payment: Payment) -> None:
        """Put a prompt away; it stands until its time is over."""
        payment.is_ignored = True
        self.version += 1

    def balance(self, provider: str, currency: str) -> Decimal:
        """Return what the merchant has, after all that was paid in and out."""
        ours = [each for each in self.of(provider) if each.currency == currency]
        return FLOAT + sum((each.amount for each in movements(ours, self.now())), Decimal(0))

    # -- callbacks

    def shaped(self, payment: Payment, told: Told) -> Told:
        """Give an answer about a payment the types of its story."""
        return replace(told, body=payment.shape(told.body))

    def tell(self, payment: Payment, turn: Turn) -> None:
        """Send the callback of a turn, unless another one has taken its place."""
        self.version += 1
        if turn not in payment.turns or not turn.told or not payment.callback:
            return
        voice = self.voices[payment.provider]
        letter = voice.letter(payment, turn.end, is_forged=turn.is_forged)
        letter = replace(letter, method=payment.story.method)
        self.send([forged(letter) if turn.is_forged else letter] * payment.story.callbacks)

    def send(self, letters: Iterable[Letter]) -> None:
        """Send letters now, or as late and as often as the mood has it."""
        for letter in letters:
            for delay in self._mood.delays():
                if delay:
                    self.agenda.at(self.now() + delay, partial(self._post, letter, 1))
                else:
                    self._post(letter, 1)

    def _later(self, payment: Payment, turn: Turn) -> None:
        self.agenda.at(payment.began + turn.after, partial(self.tell, payment, turn))

    def _post(self, letter: Letter, tried: int) -> None:
        status, _ = post(letter)
        self.posted.append((letter, status))
        is_taken = 200 <= status < 300 or letter.source == STRANGER  # who tries once
        if not is_taken and tried < TRIES:
            when = self.now() + 2.0 ** (tried - 1)
            self.agenda.at(when, partial(self._post, letter, tried + 1))
