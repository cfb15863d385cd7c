"""The paths of providers' callbacks, to be included at the root."""

from __future__ import annotations

from django.urls import re_path

from hoardrun.payments.inbox.asking import ValidationView
from hoardrun.payments.inbox.views import CallbackView

urlpatterns = [
    re_path(
        r"^hooks/payments/(?P<code>\w+)/validation/(?P<token>[^/]+)/?$", ValidationView.as_view()
    ),
    re_path(
        r"^hooks/payments/(?P<code>\w+)/(?P<purpose>\w+)/(?P<token>[^/]+)/?$",
        CallbackView.as_view(),
    ),
]
