"""Calls that leave the system: HTTP with limits and outcomes, breaker, pace, workers, webhooks.

Used by deliveries of notifications, payments and feeds. A call is never made in a transaction: its
intent is committed before it, and an outcome that is not known is an outcome.
"""

from __future__ import annotations

from realtime.outgoing.addresses import Rules, UnsafeAddress, check
from realtime.outgoing.http import Client, client
from realtime.outgoing.outcome import Outcome
from realtime.outgoing.reply import Reply

__all__ = ["Client", "Outcome", "Reply", "Rules", "UnsafeAddress", "check", "client"]
