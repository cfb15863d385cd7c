"""The paths of payments, to be included under `/api/v1/`."""

from __future__ import annotations

from hoardrun.payments import views
from realtime.rest.routes import both

urlpatterns = [
    *both("payments", views.PaymentListView, "payment-list"),
    *both("payments/<str:payment_id>", views.PaymentView, "payment"),
    *both("payments/<str:payment_id>/steps", views.PaymentStepsView, "payment-steps"),
]
