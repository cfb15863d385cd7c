"""The longest waits of a payment: for the answer on the phone, and until it is first sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from hoardrun.payments.options import options
from hoardrun.payments.providers.registry import PROVIDERS

# A payment that cannot be sent for so long was not taken: who asked for it has gone.
PATIENCE = timedelta(minutes=2)
# Where tests and demos let time pass faster, an outage lasts as long as elsewhere.
LEAST_PATIENCE = timedelta(seconds=20)


def prompt_end(provider: str, kind: str, begins_at: datetime) -> datetime | None:
    """Return the end of the prompt on the phone; who is paid is not prompted."""
    if kind != "collect":
        return None
    seconds = PROVIDERS[provider].capabilities.prompt_seconds
    return begins_at + timedelta(seconds=seconds / options().time_scale)


def may_be_sent_since(now: datetime) -> datetime:
    """Return the time before which a payment began to wait that is too old to be sent."""
    return now - max(PATIENCE / options().time_scale, LEAST_PATIENCE)
