"""Write and read the log for tests and the fault harness."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from hoardrun.ledger.messages import BalanceUpdate
from realtime import clock, log
from realtime.core.continuity import Head
from realtime.core.records import StoredEvent


def page_after(stream: str, offset: int) -> tuple[Head, list[StoredEvent]]:
    """Read one page of a stream, as a node that follows it does."""
    return log.read_many([(stream, offset)])[stream, offset]


def balance(text: str | int = 1) -> BalanceUpdate:
    """Make an update of a balance that can be told from others by its text."""
    return BalanceUpdate(
        account_id="1", currency="UGX", available_balance=str(text), current_balance="1"
    )


def append(stream: str, *texts: str | int) -> list[StoredEvent]:
    """Log an update of a balance for each text, in one transaction."""
    with transaction.atomic():
        return log.append([(stream, balance(text)) for text in texts])


def just_over() -> datetime:
    """Return a time that is over on every store: SQLite's compare by the millisecond."""
    return clock.now() - timedelta(milliseconds=1)
