"""The paths of notifications and announcements, to be included under `/api/v1/`.

Literal paths come before `{id}`, which would match them too.
"""

from __future__ import annotations

from django.urls import URLPattern, path
from rest_framework.views import APIView

from notifications import views


def _both(route: str, view: type[APIView], name: str) -> list[URLPattern]:
    """Serve a path with and without a trailing slash; the schema shows it once."""
    return [
        path(route, view.as_view(), name=name),
        path(f"{route}/", view.as_view(schema=None)),
    ]


_ONE = "notifications/<str:notification_id>"

urlpatterns = [
    *_both("notifications", views.NotificationListView, "notification-list"),
    *_both("notifications/summary", views.NotificationSummaryView, "notification-summary"),
    *_both("notifications/bulk-update", views.NotificationBulkUpdateView, "notification-bulk"),
    *_both(
        "notifications/mark-all-read",
        views.NotificationMarkAllReadView,
        "notification-mark-all-read",
    ),
    *_both(
        "notifications/mark-all-seen",
        views.NotificationMarkAllSeenView,
        "notification-mark-all-seen",
    ),
    *_both(_ONE, views.NotificationView, "notification"),
    *_both(f"{_ONE}/read", views.NotificationReadView, "notification-read"),
    *_both(f"{_ONE}/unread", views.NotificationUnreadView, "notification-unread"),
    *_both(f"{_ONE}/seen", views.NotificationSeenView, "notification-seen"),
    *_both(f"{_ONE}/archive", views.NotificationArchiveView, "notification-archive"),
    *_both("announcements", views.AnnouncementListView, "announcement-list"),
]
