"""The refusals of limits, and of rows that would contradict others."""

from __future__ import annotations

from hoardrun.ledger.money import amount_human, amount_text
from hoardrun.payments.limits import Exceeded
from realtime.errors import Conflict, Refused

_WHY = {
    "below": "At least {} can be paid at once this way.",
    "above": "At most {} can be paid at once this way.",
    "day": "Of what can be paid in a day this way, {} is left.",
}


class LimitExceeded(Conflict):
    """A payment exceeds a limit; `limit` says which, and `bound` what would be taken."""

    title = "Limit exceeded"

    def __init__(self, found: Exceeded, currency: str) -> None:
        why = _WHY[found.code].format(amount_human(found.bound, currency))
        super().__init__(
            why, limit=found.code, bound=amount_text(found.bound, currency), currency=currency
        )


class TariffRefused(Refused):
    """A row that says nothing, or that contradicts another one."""

    title = "Not a tariff"
    text = "{}."
