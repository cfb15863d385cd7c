"""Savings: by push unless seen in the app, and in the e-mail digest."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial

from msgspec import Struct

from notifications.kinds.kind import Kind, Reach, Rung
from notifications.kinds.values import General, Money

_FIVE_MINUTES = timedelta(minutes=5)
LADDER = (
    Rung(channel="push", after=_FIVE_MINUTES, unless=Reach.SEEN),
    Rung(channel="email", after=_FIVE_MINUTES, unless=Reach.SEEN, digest=True),
)

_savings = partial(Kind, type="savings", category="savings", ladder=LADDER, digestible=True)


class GoalReached(Struct, frozen=True, kw_only=True):
    """The goal that was reached, and its amount."""

    goal: str
    amount: Money


class InterestPaid(Struct, frozen=True, kw_only=True):
    """The interest of one period; `period` is its name, such as `March 2026`."""

    amount: Money
    period: str


KINDS = (
    _savings(
        name="savings.goal_reached",
        title="Savings goal reached",
        variables=GoalReached,
        samples=(GoalReached(goal="School fees", amount=Money(Decimal(1_500_000), "UGX")),),
        privacy="amount",
    ),
    _savings(
        name="savings.interest_paid",
        title="Interest paid",
        variables=InterestPaid,
        samples=(InterestPaid(amount=Money(Decimal("1250.50"), "KES"), period="March 2026"),),
        privacy="amount",
    ),
    _savings(
        name="savings.general",
        title="Other messages about savings",
        variables=General,
        samples=(General(title="Savings", message="You are half way to your goal."),),
        privacy="secret",
    ),
)
