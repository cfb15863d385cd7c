"""The paths of payments, to be included under `/api/v1/`."""

from __future__ import annotations

from hoardrun.payments import owner_views, views
from hoardrun.payments.payees import views as payees
from hoardrun.payments.queue import views as queue
from realtime.rest.routes import both

urlpatterns = [
    *both("payments/methods", owner_views.MethodsView, "payment-methods"),
    *both("payments/<str:payment_id>/cancel", owner_views.CancelView, "payment-cancel"),
    *both("payments/<str:payment_id>/retry", owner_views.RetryView, "payment-retry"),
    *both("payees", payees.PayeeListView, "payee-list"),
    *both("payees/<str:payee_id>", payees.PayeeView, "payee"),
    *both("payees/<str:payee_id>/confirm", payees.PayeeConfirmView, "payee-confirm"),
    *both("payments", views.PaymentListView, "payment-list"),
    *both("payments/queue", queue.QueueView, "payment-queue"),
    *both("payments/<str:payment_id>", views.PaymentView, "payment"),
    *both("payments/<str:payment_id>/refunds", views.RefundListView, "payment-refunds"),
    *both("payments/<str:payment_id>/steps", views.PaymentStepsView, "payment-steps"),
    *both("payments/<str:payment_id>/why", queue.WhyView, "payment-why"),
    *both("payments/<str:payment_id>/decisions", queue.DecisionListView, "payment-decisions"),
    *both(
        "payments/<str:payment_id>/decisions/<str:decision_id>",
        queue.DecisionView,
        "payment-decision",
    ),
]
