"""The words for staff: why a payment waits for them, what a rule did, who said it. Pure.

A test holds that every rule of the judge and every source has its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from hoardrun.payments.evidence import ENDINGS, Source
from hoardrun.payments.facts import Rule
from hoardrun.payments.states import LIVE, State
from hoardrun.payments.words import text_of
from notifications.trace.parts import Said

_PORTAL = "Look it up in the provider's portal."
_CHOOSE = f"{_PORTAL} Accept what came, give it back, or reject it if nothing came."
_BEYOND = "Put it away once that is settled: the payment itself stays as it ended."

# Why a payment waits for staff: what differs, a rule of the judge, or how long it has taken.
REASONS: Mapping[str, Said] = {
    "advanced": Said(
        "More has gone out, or back, than the account had: the customer owes us the rest.",
        f"Collect it from the customer. {_BEYOND}",
    ),
    "amount": Said("The provider tells of another amount than was asked for.", _CHOOSE),
    "approval": Said(
        "It is so large that two members of staff accept it before it is sent.",
        "Look at the customer and at whose number it is, then send it or reject it.",
    ),
    "contradiction": Said(
        "The provider says the opposite of what it had said, or of what is booked.",
        f"{_PORTAL} What it shows decides.",
    ),
    "currency": Said(
        "It came in a currency that the account does not take.",
        f"{_PORTAL} Give it back there, then reject it here.",
    ),
    "held": Said("It waits for a decision.", _CHOOSE),
    "late_reversed": Said(
        "Money that came late and was booked has gone back since.",
        f"Reverse the transaction of the late money. {_BEYOND}",
    ),
    "other_figures": Said(
        "After its end the provider tells of another amount, or of a part that went back.",
        f"{_PORTAL} Book the difference by a correction. {_BEYOND}",
    ),
    "payer": Said("Another phone has paid than the one that was asked.", _CHOOSE),
    "receiver": Said(
        "The money went to another account at the provider than ours for this payment.",
        f"{_PORTAL} Accept it only if it has come to us.",
    ),
    "reference": Said("The answer has an id that belongs to another payment.", _CHOOSE),
    "refused": Said(
        "The ledger does not take what follows from its end.",
        "Look at the account, which may be frozen. It is tried again every hour.",
    ),
    "request": Said("The provider's own id of it is another than before.", _CHOOSE),
    "reversed": Said(
        "It was paid and given back, and nobody here knew in between.",
        f"{_PORTAL} If it shows both, reject it: nothing is left of it.",
    ),
    "second_receipt": Said(
        "It was paid a second time, under another receipt. The first is booked.",
        f"{_PORTAL} Give the second one back there, or book it by a correction. {_BEYOND}",
    ),
    "unanswered": Said(
        "The provider was asked for three days, and has not said how it ended.",
        f"{_PORTAL} What it shows decides.",
    ),
    "unknown": Said(
        "Nobody can say whether the money moved, for more than ten minutes.",
        "The provider is asked on, and its answer ends it. Decide only what its portal shows.",
    ),
}

# Where a payment stands.
STATES: Mapping[State, str] = {
    State.CREATED: "It waits to be sent to the provider.",
    State.SUBMITTED: "The provider has it, and has not said how it ended.",
    State.AWAITING_PIN: "The prompt is on the phone.",
    State.CONFIRMING: "Its end was heard of, and the provider is asked whether that is so.",
    State.UNKNOWN: "Nobody can say whether the money moved.",
    State.HELD: "It is held: nothing is booked until staff decide.",
    State.SUCCEEDED: "It was paid, and is booked.",
    State.FAILED: "It failed, and nothing is booked for it.",
    State.CANCELLED: "It was declined, and nothing is booked for it.",
    State.EXPIRED: "It expired, and nothing is booked for it.",
    State.REVERSED: "It was paid and given back; both are booked.",
}

RULES: Mapping[Rule, str] = {
    "accepted": "The provider has taken the request.",
    "contradiction": "It says the opposite of what was said before: a person decides.",
    "duplicate": "It was known already.",
    "held": "It is held, and stays so until staff decide.",
    "hint": "That alone counts for nothing: the provider is asked.",
    "late_hint": "It has ended, and is said to be paid: the provider is asked.",
    "late_mismatch": "It was paid after its end, with other figures: a person decides.",
    "late_reversed": "What was booked late has gone back: a person decides.",
    "late_success": "It was paid after its end: that is a transaction of its own.",
    "mismatch": "It differs from what was asked for: it is held.",
    "never_prompted": "The phone could not be asked, twice in a row: it has failed.",
    "never_taken": "The provider has never heard of it: it has failed.",
    "no_answer": "That says nothing about the payment: the provider is asked again.",
    "not_found": "The provider does not know it yet: it is asked again.",
    "not_paid": "It was not paid.",
    "other_figures": "It tells of other figures than are booked: a person decides.",
    "overdue": "The time of its prompt is over, and nobody knows how it ended.",
    "paid": "It was paid.",
    "paid_stands": "It was paid, by a better source: that stays.",
    "receipt": "It has the receipt of what is booked.",
    "reversed": "It was given back.",
    "reversed_unseen": "It was paid and given back unseen: a person decides.",
    "second_receipt": "It was paid once more, under another receipt: a person decides.",
    "settled": "It had ended, and that stays.",
    "staff": "Staff have decided.",
    "unknown": "That settles nothing.",
    "waiting": "It is under way.",
}

SOURCES: Mapping[Source, str] = {
    Source.ACK: "the answer to our request",
    Source.CALLBACK: "a callback",
    Source.SIGNED_CALLBACK: "a signed callback",
    Source.STATEMENT: "a statement",
    Source.QUERY: "the answer to a question",
    Source.STAFF: "staff",
}


# Whose phone it is, and what became of the name that the customer gave: the code of `tiers` and
# that of `payees`. When it was checked is not kept: for a payee, or another try, long before.
WHOSE: Mapping[str, str] = {
    "own": "The customer's own, proven by a code.",
    "payee": "Of a payee whom the customer has confirmed.",
    "third_party": "Somebody else's.",
}
NAMES: Mapping[str, str] = {
    "same": "The provider had the name that the customer gave when that was checked: {name}.",
    "similar": "The provider had a similar name when that was checked. "
    "The customer was shown {name}, and confirmed it.",
    "other": "The provider had another name when that was checked. "
    "The customer was shown {name}, and confirmed it.",
    "unknown": "The provider did not say whose it was. The customer confirmed the number.",
}
_NOT_KEPT = "one that is not kept"


def whose_text(whose: str, verdict: str, name: str) -> str:
    """Say whose phone it is, and whom the customer has confirmed."""
    named = NAMES[verdict].format(name=name or _NOT_KEPT) if verdict else ""
    return " ".join(filter(None, (WHOSE.get(whose, ""), named)))


def said_of(state: State, staff_reason: str) -> Said:
    """Say where a payment stands; if it waits for staff, why, and what they may do."""
    where = STATES[state]
    if not staff_reason:
        return Said(where)
    why = REASONS.get(staff_reason)
    if why is None and staff_reason in ENDINGS:
        told = f"The provider says now that it was not paid: {text_of(staff_reason)}"
        why = Said(told, REASONS["contradiction"].advice)
    if why is None:
        why = Said(f"It waits for staff: {staff_reason}.", _CHOOSE)
    # Of an open payment the reason says all; of one that has ended, also how.
    return why if state in LIVE | {State.HELD} else Said(f"{where} {why.text}", why.advice)


def told_text(amount: Decimal, currency: str, told_amount: str, told_currency: str) -> str:
    """Return the sum that the provider tells, where it is not the one that was asked for."""
    if not told_amount:
        return ""
    told = Decimal(told_amount), told_currency or currency
    return "" if told == (amount, currency) else f"{told[1]} {told[0]:,f}"


def waited_text(waited: timedelta) -> str:
    """Write how long a payment has waited, in its largest unit."""
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if count := int(waited.total_seconds()) // size:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"
