"""The paths of the project itself: logins, snapshot, broadcasts, documentation."""

from __future__ import annotations

from hoardrun.api import auth, schema, snapshot, users
from hoardrun.broadcasts import views as broadcast
from realtime.rest.routes import both

urlpatterns = [
    *both("api/v1/auth/token", auth.TokenView, "token"),
    *both("api/v1/auth/refresh", auth.RefreshView, "refresh"),
    *both("api/v1/auth/logout", auth.LogoutView, "logout"),
    *both("api/v1/auth/me", auth.MeView, "me"),
    *both("api/v1/users", users.UsersView, "users"),
    *both("api/ws-ticket", auth.TicketView, "ws-ticket"),
    *both("api/v1/snapshot", snapshot.SnapshotView, "snapshot"),
    *both("ws/broadcast/notification", broadcast.NotificationView, "broadcast-notification"),
    *both("ws/broadcast/transaction", broadcast.TransactionView, "broadcast-transaction"),
    *both("ws/broadcast/balance", broadcast.BalanceView, "broadcast-balance"),
    *both("ws/broadcast/market", broadcast.MarketView, "broadcast-market"),
    *both("ws/broadcast/announcement", broadcast.AnnouncementView, "broadcast-announcement"),
    *both("ws/broadcast/waiting", broadcast.WaitingView, "broadcast-waiting"),
    *both("ws/broadcast/<int:broadcast_id>/approve", broadcast.ApproveView, "broadcast-approve"),
    *both("ws/broadcast/<int:broadcast_id>/reject", broadcast.RejectView, "broadcast-reject"),
    *both("api/schema", schema.SchemaView, "schema"),
    *both("api/docs", schema.DocsView, "docs"),
]
