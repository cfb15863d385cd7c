"""The admin of notifications: what is written, how it leaves the system, what users have chosen.

It writes through services only, and leaves each act in the admin's history.
"""

from __future__ import annotations

from notifications.admin import (
    address,
    announcement,
    channels,
    delivery,
    notification,
    preference,
    suppression,
    texts,
    waiting,
)

__all__ = [
    "address",
    "announcement",
    "channels",
    "delivery",
    "notification",
    "preference",
    "suppression",
    "texts",
    "waiting",
]
