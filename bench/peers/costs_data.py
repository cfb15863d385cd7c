"""Make what the costs are measured with: a customer with money and an inbox, and a superuser.

Run as `python -m bench.peers.costs_data` in the server's environment; it prints a JSON object.
"""

from __future__ import annotations

import json

import django

PASSWORD = "costs-pass-1"
TRANSACTIONS = 200
NOTIFICATIONS = 500
REFRESHES = 1000  # logins, of which each is renewed once


def main() -> None:
    """Make the rows, in a migrated database that has none."""
    django.setup()
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import User

    from hoardrun.api.tokens import login_create
    from hoardrun.ledger import services as ledger
    from hoardrun.market import services as market
    from hoardrun.market.selectors import quote_list
    from notifications import services

    users = get_user_model().objects
    customer: User = users.create_user("customer", password=PASSWORD)
    staff: User = users.create_superuser("staff", password=PASSWORD)
    market.instruments_ensure()
    market.quotes_record(quotes=quote_list())  # simulated
    account = ledger.account_open(user_id=customer.pk, currency="KES", opening_balance="1000000")
    for _ in range(TRANSACTIONS):
        ledger.transaction_create(
            account_id=account.pk, type="payment", direction="outbound", amount="1"
        )
    ids = [
        str(services.notification_create(user_id=customer.pk, title="Hello", message="World").pk)
        for _ in range(NOTIFICATIONS)
    ]
    login = login_create(user=customer)
    print(
        json.dumps(
            {
                "customer": login.access,
                "refreshes": [login_create(user=customer).refresh for _ in range(REFRESHES)],
                "staff": login_create(user=staff).access,
                "user_id": str(customer.pk),
                "account_id": str(account.pk),
                "ids": ids,
            }
        )
    )


if __name__ == "__main__":
    main()
