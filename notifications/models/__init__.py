"""The tables of notifications, of how they leave the system, and of what users have chosen."""

from __future__ import annotations

from notifications.models.address import Address, Suppression
from notifications.models.announcement import Announcement
from notifications.models.answered import Answered
from notifications.models.delivery import Attempt, Delivery, Receipt
from notifications.models.digest import Digest, DigestItem
from notifications.models.direct import DirectSms
from notifications.models.escalation import Escalation
from notifications.models.fallback import Fallback
from notifications.models.lift import SuppressionLift
from notifications.models.mailing import Mailing
from notifications.models.notification import Notification, has_passed, in_app_only
from notifications.models.preference import Consent, Preference, PreferenceChange

__all__ = [
    "Address",
    "Announcement",
    "Answered",
    "Attempt",
    "Consent",
    "Delivery",
    "Digest",
    "DigestItem",
    "DirectSms",
    "Escalation",
    "Fallback",
    "Mailing",
    "Notification",
    "Preference",
    "PreferenceChange",
    "Receipt",
    "Suppression",
    "SuppressionLift",
    "has_passed",
    "in_app_only",
]
