"""Checks of the customer's identity: by e-mail, unless they were seen in the app."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from msgspec import Struct

from notifications.kinds.kind import Kind, Reach, Rung
from notifications.kinds.values import General

LADDER = (
    Rung(channel="push", after=timedelta(minutes=1), unless=Reach.SEEN),
    Rung(channel="email", after=timedelta(minutes=15), unless=Reach.SEEN, required=True),
)

_kyc = partial(
    Kind, type="kyc", category="kyc", ladder=LADDER, priority="high", lives_for=timedelta(days=3)
)


class Approved(Struct, frozen=True, kw_only=True):
    """Nothing but the fact."""


class Rejected(Struct, frozen=True, kw_only=True):
    """The reason why the check has failed, in words that the customer may read."""

    reason: str


class DocumentNeeded(Struct, frozen=True, kw_only=True):
    """The document that is missing or runs out, and the day until which it is needed."""

    document: str
    until: date | None = None


KINDS = (
    _kyc(
        name="kyc.approved",
        title="Identity confirmed",
        variables=Approved,
        samples=(Approved(),),
    ),
    _kyc(
        name="kyc.rejected",
        title="Identity not confirmed",
        variables=Rejected,
        samples=(Rejected(reason="The photo is too dark."),),
    ),
    _kyc(
        name="kyc.document_needed",
        title="Document needed",
        variables=DocumentNeeded,
        samples=(
            DocumentNeeded(document="National ID", until=date(2026, 4, 30)),
            DocumentNeeded(document="Proof of address"),
        ),
    ),
    _kyc(
        name="kyc.general",
        title="Other messages about your identity",
        variables=General,
        samples=(General(title="Your documents", message="We have received your documents."),),
        privacy="secret",
    ),
)
