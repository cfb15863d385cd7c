"""Bugs of sending payments, of judging what is told of them, and of moving their money."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace as with_fields

from hoardrun.payments import effects, services
from hoardrun.payments.calling import calls
from hoardrun.payments.evidence import CALLBACKS, Source
from tests.faults.bugs.patching import changes, without


@changes("callback-completes", "judge", services)
def callback_completes(original: Any, payment: Any, evidence: Any, now: Any) -> Any:
    """Believe a callback as an answer to a question of ours."""
    if evidence.source in CALLBACKS:
        evidence = with_fields(evidence, source=Source.QUERY)
    return original(payment, evidence, now)


_sent: set[str] = set()


@changes("sent-again", "look", calls)
def sent_again(original: Any, name: str, order: Any, *given: Any) -> Any:
    """Ask for the payment once more before the first question about it."""
    if order.id in _sent:
        return original(name, order, *given)
    _sent.add(order.id)
    return calls.begin(name, order, *given)


without("late-forgotten", "_book_late", effects)


@changes("hold-kept", "transaction_move", effects)
def hold_kept(original: Any, *, to: str, **given: Any) -> Any:
    """Leave the transaction of a payment that has failed as it is."""
    return None if to == "failed" else original(to=to, **given)
