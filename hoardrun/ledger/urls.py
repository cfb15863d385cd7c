"""The ledger's paths, to be included under `/api/v1/`."""

from __future__ import annotations

from django.urls import URLPattern, path
from rest_framework.views import APIView

from hoardrun.ledger import views


def _both(route: str, view: type[APIView], name: str) -> list[URLPattern]:
    """Serve a path with and without a trailing slash; the schema shows it once."""
    return [
        path(route, view.as_view(), name=name),
        path(f"{route}/", view.as_view(schema=None)),
    ]


urlpatterns = [
    *_both("accounts", views.AccountListView, "account-list"),
    *_both("accounts/<str:account_id>", views.AccountView, "account"),
    *_both("transactions", views.TransactionListView, "transaction-list"),
    *_both("transactions/<str:txn_id>", views.TransactionView, "transaction"),
    *_both("transactions/<str:txn_id>/act", views.TransactionActView, "transaction-act"),
]
