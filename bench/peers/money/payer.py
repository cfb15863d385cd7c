"""A Django process that creates payments, in the environment of the node.

Run as `python -m bench.peers.money.payer`, and driven as `tests.services.driven` describes.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import django
from django.db.models import F

from tests.services.driven import serve

django.setup()

from hoardrun.ledger.services import account_open  # noqa: E402
from hoardrun.payments import callback_urls  # noqa: E402
from hoardrun.payments.creating import payment_create  # noqa: E402
from hoardrun.payments.models import ProviderPayment  # noqa: E402

SENT_WITHIN_SECONDS = 120.0
LOOKED_AT_AFTER = timedelta(hours=1)
PAID_UNTOLD = "06"  # the end of numbers whose payment succeeds, and MTN calls nobody


def begin(*, users: int, count: int) -> dict[str, Any]:
    """Create payments, and return them once each waits for its PIN and is not asked about."""
    ProviderPayment.objects.update(next_check_at=None)  # those of a round before
    accounts = [account_open(user_id=user, currency="UGX").pk for user in range(1, users + 1)]
    rows = [
        payment_create(
            account_id=accounts[number % users],
            provider="mtn",
            kind="collect",
            amount="1000",
            msisdn=f"+25677{number:05}{PAID_UNTOLD}",
        ).payment
        for number in range(count)
    ]
    ours = ProviderPayment.objects.filter(pk__in=[row.pk for row in rows])
    deadline = time.monotonic() + SENT_WITHIN_SECONDS
    while ours.filter(state="created").exists():
        if time.monotonic() > deadline:
            raise TimeoutError("the payments are not sent")
        time.sleep(0.2)
    ours.update(next_check_at=F("created_at") + LOOKED_AT_AFTER)
    return {"waiting": [_waiting(row) for row in rows]}


def _waiting(row: ProviderPayment) -> dict[str, str]:
    """Return a payment as its callback needs it."""
    url = callback_urls.url("mtn", "payment", callback_urls.token_of(row.pk))
    return {
        "transaction": str(row.txn_id),
        "path": urlsplit(url).path,
        "phone": row.msisdn.removeprefix("+"),
        "id": str(row.pk),
    }


if __name__ == "__main__":
    serve({"begin": begin})
