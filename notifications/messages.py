"""The messages of the server about notifications and announcements, and their enumerations."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType, field

from realtime.protocol.messages import DecimalText, Identifier, Payload, Timestamp, examples

NotificationType = Literal[
    "transaction",
    "security",
    "account",
    "payment",
    "savings",
    "kyc",
    "system",
    "marketing",
    "reminder",
    "market",
]
Priority = Literal["low", "medium", "high", "urgent"]
NotificationStatus = Literal["unread", "read", "archived"]
Channel = Literal["in_app", "email", "sms", "push"]
Severity = Literal["info", "maintenance", "service", "emergency"]

_EXAMPLES = examples(__file__)


class Notification(Payload, frozen=True, kw_only=True):
    """A notification in the user's inbox, new or sent again.

    `stored` is false for one that is an event only: no inbox has it and no count includes it.
    It is left out otherwise.
    """

    wire_type = "notification"
    carried_by = "stream"
    filter_types = get_args(NotificationType)
    line = "[{type}, {priority}] {title}: {message}"
    example = _EXAMPLES["notification"]

    id: Identifier
    """Its number in the inbox, or a random name where `stored` is false."""
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    """One line of plain text."""
    message: Annotated[str, Meta(min_length=1, max_length=1000)]
    """Plain text; show it as text, never as markup."""
    type: NotificationType = "system"
    """The subject; subscriptions filter by it."""
    kind: Annotated[str, Meta(max_length=50)] = ""
    """What happened, finer than the type, such as `transaction.debit`; `<type>.general` for one
    that has no kind of its own. New ones may come at any time."""
    priority: Priority = "medium"
    """The urgency; `urgent` asks to be shown at once."""
    status: NotificationStatus = "unread"
    """The state: unread, read or archived."""
    channels: list[Channel] = field(default_factory=lambda: ["in_app"])
    """The sender's wish; what its kind demands and what the user chose decide."""
    metadata: dict[str, Any] = field(default_factory=dict)
    """The sender's attachment: a JSON object without a schema."""
    created_at: Timestamp
    """Time at which it was created."""
    seen_at: Timestamp | None = None
    """Time at which a list that contains it was first shown, if it was."""
    read_at: Timestamp | None = None
    """Time at which it was read, if it was."""
    scheduled_at: Timestamp | None = None
    """Time that its sending waited for, if any."""
    expires_at: Timestamp | None = None
    """Time from which it is out of date, and no longer counts as unread."""
    pinned_at: Timestamp | None = None
    """Time at which the user pinned it; null if it is not pinned."""
    snoozed_until: Timestamp | None = None
    """Time until which it is out of sight and out of the counts; null if it is not snoozed."""
    stored: bool | UnsetType = UNSET
    """False: an event only, in no inbox and in no count. Left out otherwise."""


class NotificationState(Struct, frozen=True, kw_only=True):
    """A change of one notification: its state, and with `notification` its content.

    `notification` is the whole of one whose content changed, or that is unread again: a client
    that began while it was not does not have it. It replaces what the client has. `deleted` is
    true of one that no longer exists, and left out otherwise; its `status` is then `archived`,
    so that a client which does not know the field hides it.
    """

    id: Identifier
    """The notification's id."""
    status: NotificationStatus
    """The state now."""
    seen_at: Timestamp | None = None
    """Time at which it was first shown, if it was."""
    read_at: Timestamp | None = None
    """Time at which it was read, if it was."""
    notification: Notification | None = None
    """The whole of one that is unread again, or whose content changed; null otherwise."""
    deleted: bool | UnsetType = UNSET
    """True of one that no longer exists; left out otherwise."""


class NotificationUpdated(Payload, frozen=True, kw_only=True):
    """Notifications changed or were deleted, on any device of the user or by staff."""

    wire_type = "notification_updated"
    carried_by = "stream"
    line = (
        "{#notifications}{id} {status}{#deleted}, deleted{/deleted}{#seen_at}, seen{/seen_at}"
        "{#notification}: {title}{/notification}{/notifications}"
    )
    example = _EXAMPLES["notification_updated"]

    notifications: list[NotificationState]
    """Those that changed, each with its whole state."""


class QuietWindow(Struct, frozen=True, kw_only=True):
    """Hours in which nothing leaves the app that can wait, in the user's zone."""

    days: Annotated[int, Meta(ge=1, le=127)]
    """The weekdays that it begins on: 1 for Monday, 2 for Tuesday, 4, 8, 16, 32, 64, added up."""
    start: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    """Its first minute."""
    end: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    """The first minute after it; before `start`: on the next day."""


class PreferencesChanged(Payload, frozen=True, kw_only=True):
    """What the user has chosen about notifications, all of it; it replaces what the client has.

    What is not chosen has the default of its kind: `GET preferences` says what holds.
    """

    wire_type = "preferences_changed"
    carried_by = "stream"
    line = "version {version}"
    example = _EXAMPLES["preferences_changed"]

    version: int
    """Grows with each change; `If-Match` of the next change names it."""
    cells: dict[str, dict[str, bool]] = field(default_factory=dict)
    """Switches by channel, of `kind:<kind>`, `category:<category>` or `all`."""
    quiet: list[QuietWindow] = field(default_factory=list)
    """The quiet hours."""
    digests: dict[str, Literal["daily", "weekly"]] = field(default_factory=dict)
    """The categories whose notifications leave together."""
    zone: str = ""
    """The IANA time zone; empty: not chosen."""
    locale: str = ""
    """The language, such as `sw` or `en-UG`; empty: not chosen."""
    muted_until: Timestamp | None = None
    """Until when nothing leaves the app that is not required."""
    hide_amounts: bool | None = None
    """Whether lock screens show no amounts; null: as the deployment has it."""
    sms_above: DecimalText | None = None
    """Debits from this amount on always go by SMS as well."""
    sms_above_currency: str = ""
    """The currency of that amount."""


class SystemAnnouncement(Payload, frozen=True, kw_only=True):
    """An announcement to everybody; it replaces what the client has under its `id`.

    It is sent again when it is edited, and with `ends_at` in the past when it is over,
    withdrawn or deleted.
    """

    wire_type = "system_announcement"
    carried_by = "stream"
    line = "[{severity}] {title}: {message}"
    example = _EXAMPLES["system_announcement"]

    id: Identifier
    """The announcement's id; one that is sent again keeps it."""
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    """One line of plain text."""
    message: Annotated[str, Meta(min_length=1, max_length=5000)]
    """Plain text; show it as text, never as markup."""
    severity: Severity = "info"
    """The urgency; show `emergency` before anything else."""
    starts_at: Timestamp | None = None
    """Time from which to show it; null: at once."""
    ends_at: Timestamp | None = None
    """Time until which to show it; in the past: it is over. Null: until it is replaced."""
    published_at: Timestamp | None = None
    """Time at which it was first sent."""


class NotificationCounts(Payload, frozen=True, kw_only=True):
    """The bell's counts, as the server has them; they replace the client's own."""

    wire_type = "notification_counts"
    line = "{unread} unread, {unseen} unseen"
    example = _EXAMPLES["notification_counts"]

    unread: int
    """Notifications that are not read."""
    unseen: int
    """Unread notifications that no list has shown yet: the number on the bell."""
