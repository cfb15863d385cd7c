from __future__ import annotations

from hoardrun.broadcasts import views
from realtime.rest.routes import both

urlpatterns = [
    *both("notification", views.NotificationView, "broadcast-notification"),
    *both("transaction", views.TransactionView, "broadcast-transaction"),
    *both("balance", views.BalanceView, "broadcast-balance"),
    *both("market", views.MarketView, "broadcast-market"),
    *both("announcement", views.AnnouncementView, "broadcast-announcement"),
    *both("waiting", views.WaitingView, "broadcast-waiting"),
    *both("<int:broadcast_id>/approve", views.ApproveView, "broadcast-approve"),
    *both("<int:broadcast_id>/reject", views.RejectView, "broadcast-reject"),
]
