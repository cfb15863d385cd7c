"""The paths of notifications and of all that belongs to them, below `/api/v1/`.

Fixed paths come first: `{id}` would match them too.
"""

from __future__ import annotations

from notifications import views
from notifications.acts import views as acts
from notifications.addresses import views as addresses
from notifications.fallbacks import views as fallbacks
from notifications.preferences import views as preferences
from notifications.trace import views as trace
from realtime.rest.routes import both

_ONE = "notifications/<str:notification_id>"
_FALLBACK = "announcements/<str:announcement_id>/fallback"

urlpatterns = [
    *both("notifications", views.NotificationListView, "notification-list"),
    *both("notifications/summary", views.NotificationSummaryView, "notification-summary"),
    *both("notifications/bulk-update", views.NotificationBulkUpdateView, "notification-bulk"),
    *both(
        "notifications/mark-all-read",
        views.NotificationMarkAllReadView,
        "notification-mark-all-read",
    ),
    *both(
        "notifications/mark-all-seen",
        views.NotificationMarkAllSeenView,
        "notification-mark-all-seen",
    ),
    *both(
        "notifications/preferences", preferences.FormerPreferencesView, "notification-preferences"
    ),
    *both(_ONE, views.NotificationView, "notification"),
    *both(f"{_ONE}/read", views.NotificationReadView, "notification-read"),
    *both(f"{_ONE}/unread", views.NotificationUnreadView, "notification-unread"),
    *both(f"{_ONE}/seen", views.NotificationSeenView, "notification-seen"),
    *both(f"{_ONE}/archive", views.NotificationArchiveView, "notification-archive"),
    *both(f"{_ONE}/snooze", views.NotificationSnoozeView, "notification-snooze"),
    *both(f"{_ONE}/unsnooze", views.NotificationUnsnoozeView, "notification-unsnooze"),
    *both(f"{_ONE}/pin", views.NotificationPinView, "notification-pin"),
    *both(f"{_ONE}/unpin", views.NotificationUnpinView, "notification-unpin"),
    *both(f"{_ONE}/cancel", views.NotificationCancelView, "notification-cancel"),
    *both(f"{_ONE}/resend", acts.ResendView, "notification-resend"),
    *both(f"{_ONE}/trace", trace.TraceView, "notification-trace"),
    *both("announcements", views.AnnouncementListView, "announcement-list"),
    *both(_FALLBACK, fallbacks.FallbackView, "fallback"),
    *both(f"{_FALLBACK}/approve", fallbacks.FallbackApproveView, "fallback-approve"),
    *both(f"{_FALLBACK}/cancel", fallbacks.FallbackCancelView, "fallback-cancel"),
    *both("preferences", preferences.PreferencesView, "preferences"),
    *both("consents", preferences.ConsentsView, "consent-list"),
    *both("addresses", addresses.AddressListView, "address-list"),
    *both("addresses/<str:address_id>", addresses.AddressView, "address"),
    *both("addresses/<str:address_id>/code", addresses.AddressCodeView, "address-code"),
    *both("addresses/<str:address_id>/verify", addresses.AddressVerifyView, "address-verify"),
    *both("push/key", addresses.PushKeyView, "push-key"),
    *both("push/subscriptions", addresses.SubscriptionsView, "push-subscriptions"),
    *both("push/subscriptions/<str:address_id>", addresses.SubscriptionView, "push-subscription"),
    *both("push/subscriptions/<str:address_id>/test", addresses.SubscriptionTestView, "push-test"),
    *both("push/renew", addresses.RenewalView, "push-renew"),
    *both("push/leave", addresses.LeaveView, "push-leave"),
]
