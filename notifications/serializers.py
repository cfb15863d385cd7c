"""The shapes of the API's requests and answers. `payloads` makes the answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from notifications import messages
from notifications.choices import BulkOutcome, Channel, NotificationType, Priority, Status
from notifications.kinds import Kind, lookup
from notifications.models import Announcement, Notification
from notifications.payloads import announcement_payload, listed_notification
from notifications.services.bulk import MAX_IDS
from notifications.validation import KIND_LENGTH, MESSAGE_LENGTH, TITLE_LENGTH
from realtime.rest.idempotency import KeyField
from realtime.rest.rows import RowOutput
from realtime.rest.serializers import StrictSerializer, UserIdInput

MAX_BACK = 20  # ids in one bulk update that makes them unread again


class NoFields(StrictSerializer):
    """An action that needs nothing in its body."""


class NotificationQuery(StrictSerializer):
    """The filters of the list."""

    status = serializers.ChoiceField(Status.choices, required=False)
    type = serializers.ChoiceField(NotificationType.choices, required=False)
    priority = serializers.ChoiceField(Priority.choices, required=False)
    kind = serializers.CharField(
        max_length=KIND_LENGTH, required=False, help_text="Such as `transaction.debit`."
    )
    category = serializers.CharField(
        max_length=KIND_LENGTH, required=False, help_text="Of their kinds: what a tab may show."
    )
    pinned = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Only those that are, or are not."
    )
    snoozed = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Only those that are, or are not."
    )
    unread_only = serializers.BooleanField(
        default=False,
        help_text="Only those that the bell counts: unread, not expired and not snoozed.",
    )

    def validate_kind(self, value: str) -> str:
        return _known("kind", value, lookup.named(kind=value))

    def validate_category(self, value: str) -> str:
        return _known("category", value, lookup.named(category=value))


def _known(field: str, value: str, found: Sequence[Kind]) -> str:
    """Return the value if kinds were found by it. Raises ValidationError."""
    if not found:
        raise serializers.ValidationError(f"There is no {field} {value!r:.60}.")
    return value


class NotificationInput(StrictSerializer):
    user_id = UserIdInput()
    title = serializers.CharField(
        max_length=TITLE_LENGTH,
        required=False,
        help_text="Left out: that of the kind, in the user's language.",
    )
    message = serializers.CharField(
        max_length=MESSAGE_LENGTH, required=False, help_text="As the title."
    )
    type = serializers.ChoiceField(
        NotificationType.choices,
        required=False,
        help_text=f"Left out: that of the kind, or `{NotificationType.SYSTEM}`.",
    )
    priority = serializers.ChoiceField(
        Priority.choices,
        required=False,
        help_text=f"Left out: that of the kind, or `{Priority.MEDIUM}`.",
    )
    kind = serializers.CharField(
        max_length=KIND_LENGTH,
        required=False,
        help_text="What happened, such as `transaction.debit`; its ladder decides what else is "
        "sent. Left out: the general kind of the type.",
    )
    context = serializers.DictField(  # type: ignore[assignment]  # the metaclass takes it away
        required=False, help_text="The values that the texts of the kind are made of."
    )
    key = KeyField(
        required=False, help_text="Your name for it, the same as the header `Idempotency-Key`."
    )
    supersedes = serializers.CharField(
        max_length=64, required=False, help_text="An older one of the user that it makes void."
    )
    channels = serializers.ListField(
        child=serializers.ChoiceField(Channel.choices),
        default=[Channel.IN_APP.value],
        allow_empty=False,
        max_length=len(Channel),
    )
    metadata = serializers.DictField(
        required=False,
        help_text="For the app, not shown. Numbers beyond 2^53, and amounts, are sent as text.",
    )
    scheduled_at = serializers.DateTimeField(required=False, allow_null=True)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "kind" not in attrs:  # which would say both
            attrs.setdefault("type", NotificationType.SYSTEM.value)
            attrs.setdefault("priority", Priority.MEDIUM.value)
        return attrs


class StatusInput(StrictSerializer):
    status = serializers.ChoiceField(Status.choices)


class SnoozeInput(StrictSerializer):
    until = serializers.DateTimeField(help_text="Within 90 days from now.")


class BulkUpdateInput(StrictSerializer):
    notification_ids = serializers.ListField(
        child=serializers.CharField(max_length=64), min_length=1, max_length=MAX_IDS
    )
    status = serializers.ChoiceField(
        Status.choices, help_text=f"`unread` takes at most {MAX_BACK} ids."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        # Each of these is logged with its whole content and sent to each device of the user.
        if attrs["status"] == Status.UNREAD and len(attrs["notification_ids"]) > MAX_BACK:
            raise serializers.ValidationError(
                {"notification_ids": [f"Give at most {MAX_BACK} ids to be unread again."]}
            )
        return attrs


class NotificationOutput(RowOutput):
    payload = listed_notification
    channels = serializers.ListField(child=serializers.ChoiceField(Channel.choices))
    metadata = serializers.DictField()
    kind = serializers.CharField(help_text="What happened; `<type>.general` without its own.")
    is_expired = serializers.BooleanField()

    class Meta:
        model = Notification
        fields = (
            *("id", *Notification.CONTENT, *Notification.STATE),
            *("kind", "pinned_at", "snoozed_until", "created_at", "is_expired"),
        )


class SummaryOutput(serializers.Serializer[dict[str, Any]]):
    total_notifications = serializers.IntegerField()
    unread_count = serializers.IntegerField(help_text="The number on the bell.")
    read_count = serializers.IntegerField()
    archived_count = serializers.IntegerField()
    unseen_count = serializers.IntegerField()
    by_type = serializers.DictField(child=serializers.IntegerField())
    by_priority = serializers.DictField(child=serializers.IntegerField())
    by_category = serializers.DictField(
        child=serializers.IntegerField(), help_text="Only categories that have some."
    )
    unread_by_category = serializers.DictField(child=serializers.IntegerField())
    category_by_kind = serializers.DictField(
        child=serializers.CharField(), help_text="Only kinds that have some."
    )
    recent_notifications = NotificationOutput(many=True)


class BulkResult(serializers.Serializer[dict[str, str]]):
    id = serializers.CharField()
    status = serializers.ChoiceField(BulkOutcome.choices)


class BulkUpdateOutput(serializers.Serializer[dict[str, Any]]):
    updated = serializers.IntegerField(help_text="How many of `results` are `updated`.")
    results = BulkResult(many=True)


class MarkAllOutput(serializers.Serializer[dict[str, int]]):
    updated = serializers.IntegerField(help_text="How many changed.")


class AnnouncementOutput(RowOutput):
    payload = announcement_payload
    published_at = serializers.DateTimeField()

    class Meta:
        model = Announcement
        fields = messages.SystemAnnouncement.__struct_fields__
