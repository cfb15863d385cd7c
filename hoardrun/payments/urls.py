"""The paths of payments, to be included under `/api/v1/`."""

from __future__ import annotations

from hoardrun.payments import views
from hoardrun.payments.payees import views as payees
from realtime.rest.routes import both

urlpatterns = [
    *both("payees", payees.PayeeListView, "payee-list"),
    *both("payees/<str:payee_id>", payees.PayeeView, "payee"),
    *both("payees/<str:payee_id>/confirm", payees.PayeeConfirmView, "payee-confirm"),
    *both("payments", views.PaymentListView, "payment-list"),
    *both("payments/<str:payment_id>", views.PaymentView, "payment"),
    *both("payments/<str:payment_id>/steps", views.PaymentStepsView, "payment-steps"),
]
