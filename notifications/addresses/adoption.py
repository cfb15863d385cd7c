"""Take the e-mail address of a user's account over as an address, once.

Accounts had an address before there was a notification centre, and another system may make accounts
with one. Nobody has proven it here: it gets nothing before its code has come back, unless the
deployment says that it proves the addresses of accounts itself.
"""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef

from notifications.addresses import values
from notifications.channels.options import options
from notifications.choices import AddressState
from notifications.models import Address
from realtime import clock
from realtime.errors import InvalidInput
from realtime.retry import one_transaction


@one_transaction
def addresses_adopt(user_ids: Collection[int]) -> int:
    """Take over the addresses of the accounts of users who never had one; return of how many.

    A user that is being changed at this moment is left for the next time.
    """
    model = get_user_model()
    name = model.get_email_field_name()
    own = Address.objects.filter(user=OuterRef("pk"), channel="email")
    users = model._default_manager.filter(~Exists(own), pk__in=user_ids).exclude(**{name: ""})
    if not users.exists():  # without a lock, as nearly always
        return 0
    locked = users.order_by("pk").select_for_update(skip_locked=True, no_key=True)
    found = {}
    for user_id, text in locked.values_list("pk", name):
        try:
            found[user_id] = values.email(text)
        except InvalidInput:
            continue
    Address.objects.bulk_create(_rows(found), ignore_conflicts=True)
    return len(found)


def _rows(found: dict[int, str]) -> list[Address]:
    """Build the rows. What another user has proven, or two accounts have, is unproven."""
    now = clock.now()
    hashes = {user_id: values.address_hash("email", value) for user_id, value in found.items()}
    proven = Address.objects.filter(
        channel="email", hash__in=hashes.values(), state=AddressState.VERIFIED
    )
    taken = set(proven.values_list("hash", flat=True))
    rows = []
    for user_id, value in found.items():
        is_proven = options().account_emails_verified and hashes[user_id] not in taken
        taken.add(hashes[user_id])
        rows.append(
            Address(
                user_id=user_id,
                channel="email",
                value=value,
                hash=hashes[user_id],
                state=AddressState.VERIFIED if is_proven else AddressState.UNVERIFIED,
                created_at=now,
                touched_at=now,
                verified_at=now if is_proven else None,
            )
        )
    return rows
