"""Calls that leave the system: HTTP with limits and outcomes, breaker, pace, leases, webhooks.

Used by deliveries of notifications, payments and feeds. A call is never made in a transaction: its
intent is committed before it, and an outcome that is not known is an outcome.
"""

from __future__ import annotations

from realtime.outgoing.outcome import Outcome

__all__ = ["Outcome"]
