"""Payees as JSON has them: the same in the snapshot, over HTTP and in messages. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hoardrun.payments.messages import PayeeChanged, PayeeFields
from hoardrun.payments.payees.models import Payee
from realtime.protocol.codec import timestamp


def payee_fields(row: Any) -> PayeeFields:
    """Describe a row of Payee."""
    return PayeeFields(
        id=str(row.pk),
        provider=row.provider,
        currency=row.currency,
        msisdn=row.msisdn,
        name=row.name,
        verdict=row.verdict,
        checked_at=_text(row.checked_at),
        confirmed_at=None if row.confirmed_at is None else _text(row.confirmed_at),
        created_at=_text(row.created_at),
    )


def payee_changed(row: Payee) -> PayeeChanged:
    """Tell of a payee as it is now; what is removed is told by its id alone."""
    return PayeeChanged(id=str(row.pk), payee=payee_fields(row))


def _text(moment: datetime) -> str:
    return timestamp(moment.astimezone(UTC))
