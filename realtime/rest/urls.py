"""HTTP paths of the engine, at the root."""

from __future__ import annotations

from django.urls import path, re_path

from realtime.console.page import console
from realtime.rest.endpoints import ConnectionsView, ConnectionView, StatsView
from realtime.rest.push_worker import push_worker
from realtime.rest.routes import both
from realtime.rest.schema import SchemaView

urlpatterns = [
    re_path(r"^ws/test/?$", console, name="console"),
    path("push-worker.js", push_worker, name="push-worker"),
    *both("ws/schema", SchemaView, "ws-schema"),
    *both("ws/stats", StatsView, "stats"),
    *both("ws/connections", ConnectionsView, "connections"),
    *both("ws/connections/<str:id>", ConnectionView, "connection"),
]
