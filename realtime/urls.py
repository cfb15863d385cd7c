"""HTTP paths of the engine, at the root."""

from __future__ import annotations

from django.urls import re_path

from realtime.console import console
from realtime.rest.routes import both
from realtime.schema import SchemaView
from realtime.views import ConnectionsView, ConnectionView, StatsView

urlpatterns = [
    re_path(r"^ws/test/?$", console, name="console"),
    *both("ws/schema", SchemaView, "ws-schema"),
    *both("ws/stats", StatsView, "stats"),
    *both("ws/connections", ConnectionsView, "connections"),
    *both("ws/connections/<str:id>", ConnectionView, "connection"),
]
