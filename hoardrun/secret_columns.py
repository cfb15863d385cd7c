"""The columns that let somebody act as another user: the one list of them.

The admin filters, orders, searches and shows by none of them, and the API has no filter on
them. Add a column here when you add it to a model; a test fails for each column whose name
looks like a secret and that stands in neither list.
"""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.db.models.constants import LOOKUP_SEP

# As `app.model.column`, in small letters.
SECRET = frozenset(
    {
        f"{settings.AUTH_USER_MODEL}.password".lower(),
        "sessions.session.session_key",
        "sessions.session.session_data",
        "realtime.ticket.hash",
        "realtime.ticket.stamp",
    }
)
# What only sounds like one, and why it may be seen.
HARMLESS = {
    "ledger.transaction.idempotency_key": "repeats a request of the same user only",
    "ledger.transaction.key_owner": "the number of a user",
    "notifications.mailing.fingerprint": "the hash of a text that stands next to it",
    "notifications.mailing.key": "a name that an operator has chosen",
    "broadcasts.broadcast.fingerprint": "the hash of a payload that stands next to it",
    "broadcasts.broadcast.idempotency_key": "repeats a request of the same author only",
    "realtime.connection.session": "the name of a login; only a signed token proves it",
    "realtime.issuedtoken.session": "the name of a login; only a signed token proves it",
    "realtime.ticket.session": "the name of a login; only a signed token proves it",
    "realtime.event.idempotency_key": "a name that a service has chosen",
}
LOOKS_SECRET = re.compile(
    "token|secret|passw|hash|key|digest|fingerprint|signature|credential|ticket|stamp|session"
    "|bearer|cookie|salt|nonce|seed|otp|(^|_)(pin|code|mac|auth|private)($|_)"
)


def label(field: Any) -> str:
    """Return what the lists call a column."""
    return f"{field.model._meta.label_lower}.{field.name}"


def is_secret(field: Any) -> bool:
    return label(field) in SECRET


def leads_to_secret(model: type[Model], path: str) -> bool:
    """Say whether a lookup such as `ticket__hash__startswith` compares a secret column.

    A lookup that ends at a relation compares the key of what it leads to.
    """
    field: Any = None
    for part in path.split(LOOKUP_SEP):
        if field is not None and not field.is_relation:
            break  # the rest are transforms and the comparison
        options = (model if field is None else field.related_model)._meta
        try:
            field = options.pk if part == "pk" else options.get_field(part)
        except FieldDoesNotExist:
            break
        if is_secret(field):
            return True
        if field.is_relation and field.related_model is None:  # a generic relation ends here
            return False
    return bool(field is not None and field.is_relation and is_secret(field.related_model._meta.pk))
