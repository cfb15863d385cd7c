"""What becomes of a payment, by the last two digits of its number; one table for all providers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

End = Literal[
    "waiting", "paid", "funds", "pin", "cancelled", "expired", "busy", "unsent", "odd", "reversed"
]  # fmt: skip
# The fate of a request for a payment. A `lost` one moves no money, whatever is answered.
Answer = Literal["taken", "taken_and_silent", "lost_and_silent", "page", "refused"]
PROMPT_SECONDS = 60  # for which a prompt stands on a phone


@dataclass(frozen=True)
class Turn:
    """From so many seconds on, a payment stands so.

    `told`: by callback. A forged turn is told, and is not true.
    """

    after: float
    end: End
    told: bool = True
    is_forged: bool = False


@dataclass(frozen=True)
class Outcome:
    """The turns of a payment, and how its provider misbehaves meanwhile."""

    title: str
    turns: tuple[Turn, ...] = (Turn(3, "paid"),)
    answer: Answer = "taken"
    callbacks: int = 1
    is_told_first: bool = False  # before the answer to the request
    method: Literal["POST", "PUT"] = "POST"
    broken: int = 0  # answers of 503, of which the request has the first
    is_hidden: bool = False  # from questions
    other_amount: bool = False
    other_currency: bool = False
    swaps_types: bool = False  # of texts and numbers
    ends_tokens: bool = False
    hides_phone: bool = False


_EXPIRED = Turn(PROMPT_SECONDS, "expired")
OUTCOMES: dict[int, Outcome] = {
    0: Outcome("Paid after 3 seconds"),
    1: Outcome("Paid at once, told before the answer", (Turn(0, "paid"),), is_told_first=True),
    2: Outcome("Not enough money", (Turn(3, "funds"),)),
    3: Outcome("A wrong PIN", (Turn(3, "pin"),)),
    4: Outcome("Cancelled on the phone", (Turn(3, "cancelled"),)),
    5: Outcome("Nobody answers", (_EXPIRED,)),
    6: Outcome("Paid, and never told", callbacks=0),
    7: Outcome("Paid, and told three times", callbacks=3),
    8: Outcome(
        "Paid and told after it had expired",
        (Turn(PROMPT_SECONDS, "expired", told=False), Turn(PROMPT_SECONDS * 1.5, "paid")),
    ),
    9: Outcome("Paid, with another amount", other_amount=True),
    10: Outcome("Paid, in another currency", other_currency=True),
    11: Outcome("No answer to the request, and paid", answer="taken_and_silent"),
    12: Outcome("No answer to the request, and not taken", answer="lost_and_silent"),
    13: Outcome("Three answers of 503, and paid", broken=3),
    14: Outcome("A code that nobody knows", (Turn(3, "odd"),)),
    15: Outcome("Refused with a page of HTML", answer="page"),
    16: Outcome("Refused with the status of success", answer="refused"),
    17: Outcome("Taken, and never found again", callbacks=0, is_hidden=True),
    18: Outcome(
        "A forged callback says paid; nobody answers", (Turn(3, "paid", is_forged=True), _EXPIRED)
    ),
    19: Outcome(
        "Paid, and reversed a minute later", (Turn(3, "paid"), Turn(63, "reversed", told=False))
    ),
    20: Outcome("Paid, and told by PUT", method="PUT"),
    21: Outcome("Paid, with texts for numbers and numbers for texts", swaps_types=True),
    22: Outcome("Paid; its token ends on the way", ends_tokens=True),
    23: Outcome("Paid, by a phone that is not told", hides_phone=True),
}
BY_HAND = Outcome("Waits for you at this page", (_EXPIRED,))


def outcome_of(number: str, *, has_prompt: bool) -> Outcome:
    """Return what becomes of a number; any other waits for its owner, if it is asked at all."""
    default = BY_HAND if has_prompt else OUTCOMES[0]
    return OUTCOMES.get(int(number[-2:] or 0), default)
