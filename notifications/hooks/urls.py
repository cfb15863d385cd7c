"""The paths of what comes back from outside, to be included at the root."""

from __future__ import annotations

from django.urls import re_path

from notifications.hooks.esp import AnymailView
from notifications.hooks.unsubscribe import UnsubscribeView
from notifications.hooks.views import ReceiptView, WebhookView
from realtime.rest.routes import both

urlpatterns = [
    *both("api/v1/receipts", ReceiptView, "receipts"),
    re_path(
        r"^hooks/e1/(?P<token>[^/]+)/(?P<path>mandrill|\w+/tracking)/?$", AnymailView.as_view()
    ),
    re_path(r"^hooks/(?P<code>\w+)/(?P<token>[^/]+)/?$", WebhookView.as_view()),
    re_path(r"^hooks/(?P<code>\w+)/(?P<token>[^/]+)/(?P<topic>[^/]+)/?$", WebhookView.as_view()),
    re_path(r"^u/(?P<token>[^/]+)/?$", UnsubscribeView.as_view()),
]
