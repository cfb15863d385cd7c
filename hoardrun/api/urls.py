"""The paths of the project itself: logins, snapshot, documentation."""

from __future__ import annotations

from hoardrun.api import auth, devices, echo, schema, snapshot, status, users
from realtime.rest.routes import both

urlpatterns = [
    *both("api/v1/auth/token", auth.TokenView, "token"),
    *both("api/v1/auth/refresh", auth.RefreshView, "refresh"),
    *both("api/v1/auth/logout", auth.LogoutView, "logout"),
    *both("api/v1/auth/me", auth.MeView, "me"),
    *both("api/v1/devices", devices.DevicesView, "devices"),
    *both("api/v1/devices/end-others", devices.EndOthersView, "devices-end-others"),
    *both("api/v1/devices/<str:id>", devices.DeviceView, "device"),
    *both("api/v1/users", users.UsersView, "users"),
    *both("api/v1/users/status", status.UsersStatusView, "users-status"),
    *both("api/ws-ticket", auth.TicketView, "ws-ticket"),
    *both("api/v1/echo", echo.EchoView, "echo"),
    *both("api/v1/snapshot", snapshot.SnapshotView, "snapshot"),
    *both("api/schema", schema.SchemaView, "schema"),
    *both("api/docs", schema.DocsView, "docs"),
]
