"""Publish what is saved, whoever saves it: services, admin or shell.

An event is written in the transaction of the save itself, so a rollback takes
it back. `bulk_create` and `update()` send no signals: they publish nothing. Nor does a
deletion, which services never make: what concerns money stays.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models.signals import post_save

from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.payloads import account_payload, txn_payload
from realtime.names import user_stream
from realtime.publish import publish


def connect() -> None:
    """Connect the receivers; called once the apps are ready."""
    post_save.connect(account_saved, sender=Account, dispatch_uid="ledger.account_saved")
    post_save.connect(transaction_saved, sender=Transaction, dispatch_uid="ledger.txn_saved")


def account_saved(
    instance: Account,
    created: bool = False,
    raw: bool = False,
    update_fields: Collection[str] | None = None,
    **_: Any,
) -> None:
    """Publish `balance_update` of a new account, or if the save stored a change of it."""
    if not raw and (created or instance.changes(update_fields)):
        told = instance.as_stored(update_fields)
        publish(user_stream(told.user_id), account_payload(told))
    instance.remember(update_fields)


def transaction_saved(
    instance: Transaction,
    created: bool = False,
    raw: bool = False,
    update_fields: Collection[str] | None = None,
    **_: Any,
) -> None:
    """Publish `transaction_update` of a new transaction, or if the save stored a change of it."""
    if not raw and (created or instance.changes(update_fields)):
        told = instance.as_stored(update_fields)
        publish(user_stream(told.account.user_id), txn_payload(told))
    instance.remember(update_fields)
