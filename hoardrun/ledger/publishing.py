"""Publish what a save changed, whether a service, the admin or a shell made it.

Imported when the app is ready. The events commit with the row. `bulk_create()` and `update()`
publish nothing. Nor does a deletion, which services never make: what concerns money stays.
"""

from __future__ import annotations

from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.payloads import account_payload, txn_payload
from realtime import changes
from realtime.publish import publish
from realtime.streams import user_stream


def account_saved(before: Account | None, now: Account) -> None:
    """Publish `balance_update` of a new account, and of each change of one."""
    publish(user_stream(now.user_id), account_payload(now))


def transaction_saved(before: Transaction | None, now: Transaction) -> None:
    """Publish `transaction_update` of a new transaction, and of each change of one."""
    publish(user_stream(now.account.user_id), txn_payload(now))


changes.connect(Account, account_saved)
changes.connect(Transaction, transaction_saved)
