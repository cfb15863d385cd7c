"""Make what the hot reads read: a customer with an account, an inbox, and prices.

Run as `python -m bench.peers.http_data` in the server's environment; it prints a JSON object.
"""

from __future__ import annotations

import json

import django

TRANSACTIONS = 200
NOTIFICATIONS = 500


def main() -> None:
    """Make the rows, in a migrated database that has none."""
    django.setup()
    from django.contrib.auth.models import User

    from hoardrun.api.tokens import login_create
    from hoardrun.ledger import services as ledger
    from hoardrun.market import services as market
    from hoardrun.market.selectors import quote_list
    from notifications import services

    customer: User = User.objects.create_user("customer", password="http-pass-1")
    market.instruments_ensure()
    market.quotes_record(quotes=quote_list())  # simulated
    account = ledger.account_open(user_id=customer.pk, currency="KES", opening_balance="1000000")
    for _ in range(TRANSACTIONS):
        ledger.transaction_create(
            account_id=account.pk, type="payment", direction="outbound", amount="1"
        )
    for _ in range(NOTIFICATIONS):
        services.notification_create(user_id=customer.pk, title="Hello", message="World")
    print(json.dumps({"user_id": customer.pk, "access": login_create(user=customer).access}))


if __name__ == "__main__":
    main()
