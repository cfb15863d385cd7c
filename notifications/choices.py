"""The choices of the models; the same words as on the wire, proven below."""

from __future__ import annotations

from typing import Any, get_args

from django.db.models import TextChoices

from notifications import messages


class NotificationType(TextChoices):
    TRANSACTION = "transaction", "Transaction"
    SECURITY = "security", "Security"
    ACCOUNT = "account", "Account"
    PAYMENT = "payment", "Payment"
    SAVINGS = "savings", "Savings"
    KYC = "kyc", "KYC"
    SYSTEM = "system", "System"
    MARKETING = "marketing", "Marketing"
    REMINDER = "reminder", "Reminder"
    MARKET = "market", "Market"


class Priority(TextChoices):
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    URGENT = "urgent", "Urgent"


class Status(TextChoices):
    UNREAD = "unread", "Unread"
    READ = "read", "Read"
    ARCHIVED = "archived", "Archived"


class Channel(TextChoices):
    IN_APP = "in_app", "In the app"
    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"
    PUSH = "push", "Push"


class OutsideChannel(TextChoices):
    """The channels that leave the system."""

    PUSH = "push", "Push"
    SMS = "sms", "SMS"
    EMAIL = "email", "E-mail"


class AddressState(TextChoices):
    UNVERIFIED = "unverified", "Not verified"
    VERIFIED = "verified", "Verified"
    INVALID = "invalid", "Does not exist"
    REMOVED = "removed", "Removed"


class DeliveryState(TextChoices):
    """The states of a delivery; the last five are final, though receipts may add facts."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Being sent"
    UNKNOWN = "unknown", "Not known"
    ACCEPTED = "accepted", "Accepted"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"
    BOUNCED = "bounced", "Bounced"
    UNRESOLVED = "unresolved", "Cannot be known"
    SKIPPED = "skipped", "Skipped"
    CANCELLED = "cancelled", "Cancelled"
    EXPIRED = "expired", "Expired"


class LiftState(TextChoices):
    """What became of a request to lift a suppression."""

    WAITING = "waiting", "Waits for a second person"
    LIFTED = "lifted", "Lifted"
    REJECTED = "rejected", "Rejected"


# Channels that are in use. The others are stored with the notification for a later sender.
SENT_CHANNELS = (Channel.IN_APP,)


class Severity(TextChoices):
    INFO = "info", "Information"
    MAINTENANCE = "maintenance", "Maintenance"
    SERVICE = "service", "Service"
    EMERGENCY = "emergency", "Emergency"


class BulkOutcome(TextChoices):
    """The answer of a bulk update for each id."""

    UPDATED = "updated", "Updated"
    NOT_FOUND = "not_found", "Not found"
    ERROR = "error", "Error"


_WIRE: dict[type[TextChoices], Any] = {
    NotificationType: messages.NotificationType,
    Priority: messages.Priority,
    Status: messages.NotificationStatus,
    Channel: messages.Channel,
    Severity: messages.Severity,
}
for _choices, _literal in _WIRE.items():
    assert tuple(_choices.values) == get_args(_literal), (
        f"{_choices.__name__} and its Literal in notifications.messages differ"
    )
