"""The words for what a customer sees of a payment, by the codes that programs use. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hoardrun.payments.evidence import DOUBTS, ENDINGS

# What is none of the customer's business, or not known, is said alike.
_UNKNOWN = "Taking longer than usual. We will tell you; do not pay again."
_OURS = "Something went wrong on our side. No money has moved."
_REVIEWED = "We are looking at this payment."

ENDED: Mapping[str, str] = {
    "cancelled": "You declined.",
    "config": _OURS,
    "expired": "Nobody approved it in time.",
    "funds": "Not enough money.",
    "limit": "A limit of the wallet is reached.",
    "no_wallet": "No wallet has this number.",
    "not_allowed": "The provider does not allow it.",
    "not_prompted": "The phone could not be asked.",
    "not_sent": _OURS,
    "not_taken": "The provider did not take it.",
    "pin": "The PIN was wrong.",
    "provider": "The provider has a fault. Try again later.",
    "rejected": "We have rejected it.",
    "request": "The provider did not accept it.",
}
assert set(ENDED) == set(ENDINGS), "every reason needs its words"


def text_of(reason: str) -> str:
    """Return the words for a reason."""
    if reason in DOUBTS and reason not in ENDED:
        return _UNKNOWN
    return ENDED.get(reason, _REVIEWED)
