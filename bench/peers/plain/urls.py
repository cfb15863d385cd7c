from __future__ import annotations

from django.urls import path

from bench.peers.plain import views

urlpatterns = [
    path("healthz", views.HealthView.as_view()),
    path("api/v1/auth/me", views.MeView.as_view()),
    path("api/v1/accounts", views.AccountsView.as_view()),
    path("api/v1/transactions", views.TransactionsView.as_view()),
    path("api/v1/notifications", views.NotificationsView.as_view()),
    path("api/v1/notifications/summary", views.SummaryView.as_view()),
    path("api/v1/quotes", views.QuotesView.as_view()),
    path("api/v1/snapshot", views.SnapshotView.as_view()),
]
