"""The ledger's paths, to be included under `/api/v1/`."""

from __future__ import annotations

from hoardrun.ledger import transfer_views, views
from hoardrun.ledger.statement import views as statements
from realtime.rest.routes import both

_STATEMENT = "accounts/<str:account_id>/statement"

urlpatterns = [
    *both("accounts", views.AccountListView, "account-list"),
    *both("accounts/<str:account_id>", views.AccountView, "account"),
    *both(_STATEMENT, statements.StatementView, "statement"),
    *both(f"{_STATEMENT}.csv", statements.StatementSheetView, "statement-csv"),
    *both(f"{_STATEMENT}.html", statements.StatementPageView, "statement-page"),
    *both("transactions", views.TransactionListView, "transaction-list"),
    *both("transactions/<str:txn_id>", views.TransactionView, "transaction"),
    *both("transactions/<str:txn_id>/act", views.TransactionActView, "transaction-act"),
    *both("transfers", transfer_views.TransferView, "transfer-list"),
]
