"""The state of accounts: by e-mail, unless it was seen in the app."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from msgspec import Struct

from notifications.kinds.kind import Kind, Reach, Rung
from notifications.kinds.values import AccountNumber, General

LADDER = (
    Rung(channel="push", after=timedelta(minutes=1), unless=Reach.SEEN),
    Rung(channel="email", after=timedelta(minutes=15), unless=Reach.SEEN, required=True),
)

_account = partial(
    Kind,
    type="account",
    category="account",
    ladder=LADDER,
    priority="high",
    lives_for=timedelta(days=3),
)


class OneAccount(Struct, frozen=True, kw_only=True):
    """The account that it is about."""

    account: AccountNumber


class Frozen(Struct, frozen=True, kw_only=True):
    """The account that is frozen, and the reason in words that the customer may read."""

    account: AccountNumber
    reason: str | None = None


class StatementReady(Struct, frozen=True, kw_only=True):
    """The statement that can be read in the app; `period` is its name, such as `March 2026`."""

    account: AccountNumber
    period: str


_ONE = (OneAccount(account="0012345678"),)

KINDS = (
    _account(name="account.opened", title="Account opened", variables=OneAccount, samples=_ONE),
    _account(
        name="account.frozen",
        title="Account frozen",
        variables=Frozen,
        samples=(
            Frozen(account="0012345678", reason="You asked for it."),
            Frozen(account="0012345678"),
        ),
    ),
    _account(
        name="account.unfrozen",
        title="Account active again",
        variables=OneAccount,
        samples=_ONE,
    ),
    _account(name="account.closed", title="Account closed", variables=OneAccount, samples=_ONE),
    _account(
        name="account.statement_ready",
        title="Statement ready",
        variables=StatementReady,
        samples=(StatementReady(account="0012345678", period="March 2026"),),
        priority="medium",
    ),
    _account(
        name="account.general",
        title="Other messages about your accounts",
        variables=General,
        samples=(General(title="Your account", message="Your account has a new name."),),
        priority="medium",
        privacy="secret",
    ),
)
