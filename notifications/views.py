"""The HTTP API of notifications and announcements: thin callers of selectors and services."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from notifications import selectors, services
from notifications.choices import Status
from notifications.models import Announcement, Notification
from notifications.payloads import ListedNotification, listed_notification
from notifications.serializers import (
    AnnouncementOutput,
    BulkUpdateInput,
    BulkUpdateOutput,
    MarkAllOutput,
    NoFields,
    NotificationInput,
    NotificationOutput,
    NotificationQuery,
    SnoozeInput,
    StatusInput,
    SummaryOutput,
)
from realtime import audit
from realtime.rest import idempotency
from realtime.rest.hot import HotList, HotRead
from realtime.rest.pagination import CursorOrWindow
from realtime.rest.permissions import StaffWith
from realtime.rest.serializers import checked
from realtime.rest.views import View, user_id
from realtime.retry import one_transaction

# Rows of a bulk update that cost as much as one request. One that becomes unread costs a whole
# one: it is logged with its content.
ROWS_PER_UNIT = 10


class _MayAddNotifications(StaffWith):
    rights = ("notifications.add_notification",)


class _MayChangeNotifications(StaffWith):
    rights = ("notifications.change_notification",)


class NotificationListView(HotList[Notification]):
    """List your notifications, newest first."""

    serializer_class = NotificationOutput
    pagination_class = CursorOrWindow
    queries = {"GET": NotificationQuery}

    @classmethod
    def hot_rows(
        cls, user_id: int, *, skip: int, limit: int, **filters: Any
    ) -> list[ListedNotification]:
        rows = selectors.notifications_newest.rows(user_id, skip=skip, limit=limit, **filters)
        return list(map(listed_notification, rows))

    def get_permissions(self) -> Sequence[Any]:
        return (
            [_MayAddNotifications()] if self.request.method == "POST" else super().get_permissions()
        )

    def get_queryset(self) -> QuerySet[Notification]:
        query = self.asked(self.request)
        return selectors.notifications_list(user_id=user_id(self.request), **query)

    @extend_schema(
        request=NotificationInput,
        responses={200: NotificationOutput, 201: NotificationOutput},
        parameters=idempotency.parameters(
            "it is created once for the user, and the answer is the first one.",
            200,
            of="that of the user who gets it, whoever sends it",
        ),
    )
    def post(self, request: Request) -> Response:
        """Create a notification for a user. Needs `notifications.add_notification`.

        With a key, in the header or as `key`, a repeated request creates nothing and is answered
        with 200 and the first one, as it is now. The admin's log keeps who did.
        """
        wanted = checked(NotificationInput, idempotency.into_body(request, "key"))
        created, is_new = _create(user_id(request), wanted)
        data = NotificationOutput(created).data
        if is_new:
            return Response(data, status=201)
        return Response(data, headers={idempotency.REPLAYED: "true"})


class NotificationSummaryView(HotRead):
    @classmethod
    def hot(cls, user_id: int, **filters: Any) -> dict[str, Any]:
        summary = selectors.notification_summary(user_id=user_id)
        recent = [listed_notification(row) for row in summary["recent_notifications"]]
        return summary | {"recent_notifications": recent}

    @extend_schema(operation_id="notifications_summary", responses=SummaryOutput)
    def get(self, request: Request) -> Response:
        """Count your notifications that have not expired, by status, type and priority."""
        return super().get(request)


class NotificationView(View):
    @extend_schema(responses=NotificationOutput)
    def get(self, request: Request, notification_id: str) -> Response:
        """Read one of your notifications."""
        found = selectors.notification_get(
            notification_id=notification_id, user_id=user_id(request)
        )
        return Response(NotificationOutput(found).data)

    @extend_schema(request=StatusInput, responses=NotificationOutput)
    def put(self, request: Request, notification_id: str) -> Response:
        """Move one of your notifications to another status."""
        changed = services.notification_set_status(
            notification_id=notification_id,
            user_id=user_id(request),
            **checked(StatusInput, request.data),
        )
        return Response(NotificationOutput(changed).data)

    patch = put

    @extend_schema(responses={204: None})
    def delete(self, request: Request, notification_id: str) -> Response:
        """Archive one of your notifications; what concerns money is never erased."""
        services.notification_archive(notification_id=notification_id, user_id=user_id(request))
        return Response(status=204)


class NotificationReadView(View):
    @extend_schema(operation_id="notifications_read", request=None, responses=NotificationOutput)
    def post(self, request: Request, notification_id: str) -> Response:
        """Mark one of your notifications as read, and with that as seen."""
        return _act(request, notification_id, services.notification_mark_read)


class NotificationUnreadView(View):
    @extend_schema(operation_id="notifications_unread", request=None, responses=NotificationOutput)
    def post(self, request: Request, notification_id: str) -> Response:
        """Mark one of your notifications as unread again; it stays seen."""
        return _act(request, notification_id, services.notification_mark_unread)


class NotificationSeenView(View):
    @extend_schema(operation_id="notifications_seen", request=None, responses=NotificationOutput)
    def post(self, request: Request, notification_id: str) -> Response:
        """Mark one of your notifications as seen; it stays unread."""
        return _act(request, notification_id, services.notification_mark_seen)


class NotificationArchiveView(View):
    @extend_schema(operation_id="notifications_archive", request=None, responses=NotificationOutput)
    def post(self, request: Request, notification_id: str) -> Response:
        """Archive one of your notifications."""
        return _act(request, notification_id, services.notification_archive)


class NotificationSnoozeView(View):
    @extend_schema(
        operation_id="notifications_snooze", request=SnoozeInput, responses=NotificationOutput
    )
    def post(self, request: Request, notification_id: str) -> Response:
        """Take one of your unread notifications out of sight until a time."""
        changed = services.notification_snooze(
            notification_id=notification_id,
            user_id=user_id(request),
            **checked(SnoozeInput, request.data),
        )
        return Response(NotificationOutput(changed).data)


class NotificationUnsnoozeView(View):
    @extend_schema(
        operation_id="notifications_unsnooze", request=None, responses=NotificationOutput
    )
    def post(self, request: Request, notification_id: str) -> Response:
        """Bring back one of your notifications that you have snoozed."""
        return _act(request, notification_id, services.notification_unsnooze)


class NotificationPinView(View):
    @extend_schema(operation_id="notifications_pin", request=None, responses=NotificationOutput)
    def post(self, request: Request, notification_id: str) -> Response:
        """Pin one of your notifications."""
        return _act(request, notification_id, services.notification_pin)


class NotificationUnpinView(View):
    @extend_schema(operation_id="notifications_unpin", request=None, responses=NotificationOutput)
    def post(self, request: Request, notification_id: str) -> Response:
        """Take the pin off one of your notifications."""
        return _act(request, notification_id, services.notification_unpin)


class NotificationCancelView(View):
    permission_classes = (_MayChangeNotifications,)

    @extend_schema(operation_id="notifications_cancel", request=None, responses=NotificationOutput)
    def post(self, request: Request, notification_id: str) -> Response:
        """Cancel any user's notification. Needs `notifications.change_notification`.

        It is archived, and no more of it leaves the system. The admin's log keeps who did.
        """
        checked(NoFields, request.data)
        cancelled = _cancel(user_id(request), notification_id)
        return Response(NotificationOutput(cancelled).data)


class NotificationBulkUpdateView(View):
    @extend_schema(operation_id="notifications_bulk_update", methods=["POST"])
    @extend_schema(
        operation_id="notifications_bulk_replace",
        methods=["PUT"],
        description="Do the same as POST, for older clients.",
    )
    @extend_schema(request=BulkUpdateInput, responses=BulkUpdateOutput)
    def post(self, request: Request) -> Response:
        """Move up to 100 of your notifications to a status; answers for each id."""
        data = checked(BulkUpdateInput, request.data)
        outcome = services.notifications_bulk_update(
            user_id=user_id(request), ids=data["notification_ids"], status=data["status"]
        )
        results = [{"id": id, "status": status} for id, status in outcome.items()]
        updated = sum(status == "updated" for status in outcome.values())
        return Response({"updated": updated, "results": results})

    put = post

    def cost(self, request: Request) -> int:
        data: Any = request.data
        ids = data.get("notification_ids") if isinstance(data, dict) else None
        if not isinstance(ids, list):
            return 1
        return 1 + len(ids) // (1 if data.get("status") == Status.UNREAD else ROWS_PER_UNIT)


class NotificationMarkAllReadView(View):
    @extend_schema(
        operation_id="notifications_mark_all_read", request=None, responses=MarkAllOutput
    )
    def post(self, request: Request) -> Response:
        """Mark all your notifications as read."""
        checked(NoFields, request.data)
        return Response({"updated": services.notifications_mark_all_read(user_id=user_id(request))})


class NotificationMarkAllSeenView(View):
    @extend_schema(
        operation_id="notifications_mark_all_seen", request=None, responses=MarkAllOutput
    )
    def post(self, request: Request) -> Response:
        """Mark all your notifications as seen."""
        checked(NoFields, request.data)
        return Response({"updated": services.notifications_mark_all_seen(user_id=user_id(request))})


class AnnouncementListView(View, ListAPIView[Announcement]):
    """List the announcements whose banners show now, newest first."""

    serializer_class = AnnouncementOutput
    pagination_class = None

    def get_queryset(self) -> QuerySet[Announcement]:
        return selectors.announcements_active()


def _act(request: Request, notification_id: str, service: Callable[..., Notification]) -> Response:
    """Apply a service that takes a notification and its user; answer with the notification."""
    checked(NoFields, request.data)
    changed = service(notification_id=notification_id, user_id=user_id(request))
    return Response(NotificationOutput(changed).data)


@one_transaction
def _create(by: int, wanted: Mapping[str, Any]) -> tuple[Notification, bool]:
    created, is_new = services.notification_create_once(**wanted, actor=f"user:{by}")
    if is_new:
        audit.log(by, [created], ADDITION, "Added over the API.")
    return created, is_new


@one_transaction
def _cancel(by: int, notification_id: str) -> Notification:
    before = selectors.notification_get(notification_id=notification_id, lock=True)
    cancelled = services.notification_cancel(notification_id=notification_id)
    if before.cancelled_at is None:
        audit.log(by, [cancelled], CHANGE, "Cancelled over the API.")
    return cancelled
