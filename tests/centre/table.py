"""The specification's table of kinds, as the checker knows it: written anew, not read from code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Wish = Literal["required", "on", "off", "consent"]
Unless = Literal["", "device", "seen"]


@dataclass(frozen=True)
class Rung:
    """One rung: the seconds after its event, its channel, and the reach that makes it needless."""

    channel: str
    after: float
    unless: Unless
    wish: Wish
    digest: bool = False
    at_once_if_away: bool = False


@dataclass(frozen=True)
class Kind:
    """One kind, as far as the checker needs to know it."""

    category: str
    rungs: tuple[Rung, ...]
    is_spared: bool = False  # quiet hours do not hold it back


def _push(after: float, unless: Unless, wish: Wish = "on", away: bool = False) -> Rung:
    return Rung("push", after, unless, wish, at_once_if_away=away)


_SECURITY = (
    _push(0, "", "required"),
    Rung("email", 0, "", "required"),
    Rung("sms", 120, "device", "required"),
)
_WENT_WRONG = (
    _push(10, "seen"),
    Rung("sms", 300, "device", "on"),
    Rung("email", 0, "", "off"),
)
_SLOW = (_push(300, "seen"), Rung("email", 300, "seen", "on", digest=True))

KINDS = {
    "transaction.debit": Kind(
        "transaction",
        (
            _push(10, "seen", away=True),
            Rung("sms", 180, "device", "on"),
            Rung("email", 0, "", "off"),
        ),
    ),
    "transaction.credit": Kind(
        "transaction",
        (_push(10, "seen"), Rung("sms", 0, "", "off"), Rung("email", 0, "", "off", digest=True)),
    ),
    "transaction.failed": Kind("transaction", _WENT_WRONG, is_spared=True),
    "transaction.reversed": Kind("transaction", _WENT_WRONG, is_spared=True),
    "security.new_device": Kind("security", _SECURITY, is_spared=True),
    "security.pin_changed": Kind(
        "security", (*_SECURITY[:2], Rung("sms", 0, "", "required")), is_spared=True
    ),
    "kyc.approved": Kind("kyc", (_push(60, "seen"), Rung("email", 900, "seen", "required"))),
    "payment.due": Kind(
        "payment",
        (_push(0, ""), Rung("sms", 0, "", "off"), Rung("email", 0, "", "on", digest=True)),
    ),
    "savings.general": Kind("savings", _SLOW),
    "system.general": Kind("system", _SLOW),
    "marketing.general": Kind(
        "marketing",
        (_push(0, "", "consent"), Rung("sms", 0, "", "consent"), Rung("email", 0, "", "consent")),
    ),
}
