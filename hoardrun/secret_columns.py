"""The one list of secret columns: a reader of one could act as another user.

The admin filters, orders, searches and shows by none of them, and the API has no filter on
them. Add a column here when you add it to a model; a test fails for each column whose name
looks like a secret and that is neither here nor among those that the test knows as harmless.
"""

from __future__ import annotations

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
        "notifications.address.keys",
        "notifications.address.code_hash",
    }
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
