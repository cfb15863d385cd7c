"""The paths of broadcasts, to be included under `/ws/broadcast/`."""

from __future__ import annotations

from hoardrun.broadcasts import views
from hoardrun.broadcasts.kinds import KINDS
from realtime.rest.routes import both

urlpatterns = [
    *(
        path
        for kind in KINDS
        for path in both(kind, views.broadcast_view(kind), f"broadcast-{kind}")
    ),
    *both("waiting", views.WaitingView, "broadcast-waiting"),
    *both("<int:broadcast_id>/approve", views.ApproveView, "broadcast-approve"),
    *both("<int:broadcast_id>/reject", views.RejectView, "broadcast-reject"),
]
