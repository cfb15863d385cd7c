"""Kinds of notification for tests, which do not depend on what apps declare."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec

from notifications import kinds
from notifications.kinds import Kind, Reach, Rung


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """The values of the texts of PAID."""

    amount: Decimal
    payee: str = ""


PAID = Kind(
    name="payment.proof",
    title="Paid",
    type="payment",
    category="proofs",
    variables=Paid,
    samples=(Paid(amount=Decimal("1.50")),),
    priority="high",
    ladder=(
        Rung(channel="push", after=timedelta(seconds=10), unless=Reach.SEEN),
        Rung(channel="sms", after=timedelta(minutes=3), unless=Reach.ON_DEVICE),
    ),
)
QUIET = msgspec.structs.replace(PAID, name="payment.quiet", ladder=())
GENERAL = msgspec.structs.replace(PAID, name="reminder.general", type="reminder", category="nudges")


@contextmanager
def declared(*new: Kind) -> Iterator[None]:
    """Let only these kinds be declared."""
    before: dict[str, Any] = dict(kinds._KINDS)
    kinds._KINDS.clear()
    kinds._KINDS.update({kind.name: kind for kind in new})  # without what the start asks of them
    try:
        yield
    finally:
        kinds._KINDS.clear()
        kinds._KINDS.update(before)
