"""HTTP paths of the engine, at the root."""

from __future__ import annotations

from django.urls import re_path

from realtime.console import console
from realtime.views import stats

urlpatterns = [
    re_path(r"^ws/test/?$", console, name="console"),
    re_path(r"^ws/stats/?$", stats, name="stats"),
]
