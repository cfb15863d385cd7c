"""Time the admin's lists of transactions and users over millions of rows.

    python -m bench.admin_lists --rows 5000000 --store postgres

It makes an empty database of its own, fills it by SQL, asks each page five times in this
process, and prints the median in milliseconds. SQLite's file is made in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from contextlib import ExitStack
from typing import Any

from tests.services.plugin import run_postgres, stop_stores

ROUNDS = 5
TXN = "/admin/ledger/transaction/"
USER = {"app_label": "ledger", "model_name": "account", "field_name": "user"}
PAGES: dict[str, tuple[str, dict[str, str]]] = {
    "transactions": (TXN, {}),
    "older transactions": (TXN, {"p": "1000"}),
    "pending ones (1 of 1,000)": (TXN, {"status__exact": "pending"}),
    "failed ones (3 in all)": (TXN, {"status__exact": "failed"}),
    "of a user": (TXN, {"q": "user-70000"}),
    "of a reference": (TXN, {"q": "REF-4000"}),
    "by id": (TXN, {"q": "70000"}),
    "of nobody": (TXN, {"q": "nobody"}),
    "accounts of a user": ("/admin/ledger/account/", {"q": "user-70000"}),
    "a user by e-mail": ("/admin/auth/user/", {"q": "user-70000@example.org"}),
    "staff": ("/admin/auth/user/", {"is_staff__exact": "1"}),
    "users to choose from": ("/admin/autocomplete/", USER | {"term": "user-700"}),
}
NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})",
    "postgresql": "WITH n(i) AS (SELECT generate_series(1, {}))",
}
FILL = (
    (
        10,  # transactions for each of these
        "INSERT INTO auth_user (id, username, email, password, first_name, last_name, is_staff, "
        "is_superuser, is_active, date_joined) {} SELECT i, 'user-' || i, 'user-' || i || "
        "'@example.org', '', '', '', i % 100000 = 1, false, true, '2026-01-01' FROM n",
    ),
    (
        10,
        "INSERT INTO ledger_account (id, user_id, type, name, currency, available_balance, "
        "current_balance, status, created_at, updated_at) {} SELECT i, i, 'checking', '', 'KES', "
        "0, 0, 'active', '2026-01-01', '2026-01-01' FROM n",
    ),
    (
        1,
        "INSERT INTO ledger_transaction (id, account_id, type, status, direction, amount, "
        "currency, description, payment_method, provider, merchant_name, merchant_category, "
        "reference, failure_reason, balance_after, completed_at, created_at, updated_at) {} SELECT "
        "i, 1 + i % {accounts}, 'payment', CASE WHEN i % 1000 = 0 THEN 'pending' WHEN i < 4 THEN "
        "'failed' ELSE 'completed' END, 'inbound', 1, 'KES', '', 'cash', '', '', '', 'REF-' || i, "
        "'', CASE WHEN i % 1000 = 0 OR i < 4 THEN NULL ELSE 1 END, CASE WHEN i % 1000 = 0 OR i < 4 "
        "THEN NULL ELSE {moment} END, {moment}, {moment} FROM n",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args()
    with ExitStack() as ending:
        if options.store == "postgres":
            ending.callback(stop_stores)
            url = run_postgres().database("lists")
        else:
            url = f"sqlite:///{ending.enter_context(tempfile.TemporaryDirectory())}/db.sqlite3"
        os.environ |= {
            "DATABASE_URL": url,
            "DEBUG": "1",
            "DJANGO_SETTINGS_MODULE": "hoardrun.settings",
            "DATABASE_LOCK_TIMEOUT_SECONDS": "0",
        }
        measure(options.rows)


def measure(rows: int) -> None:
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client

    call_command("migrate", verbosity=0)
    fill(connection, rows)
    client = Client(headers={"Host": "127.0.0.1"})
    client.force_login(User.objects.create_superuser("charlie", pk=2_000_000_000))
    print(f"{rows:,} transactions, {rows // 10:,} users, {connection.vendor}")
    for name, (path, query) in PAGES.items():
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            answer = client.get(path, query)
            times.append(time.perf_counter() - began)
            assert answer.status_code == 200, (name, answer.status_code)
        print(f"{name:<28}{statistics.median(times) * 1000:>9.1f} ms", flush=True)


def fill(connection: Any, rows: int) -> None:
    moment = "'2026-01-01'"
    if connection.vendor == "postgresql":
        moment += "::timestamptz"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous = OFF")  # these rows may vanish
        for share, statement in FILL:
            numbers = NUMBERS[connection.vendor].format(rows // share)
            cursor.execute(statement.format(numbers, accounts=rows // 10, moment=moment))
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    main()
