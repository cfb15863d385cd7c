"""Users by their name, whatever the project's user model calls it: `username`, `email`, …"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model

_AT_ONCE = 400  # names in one query


def named(name: str) -> Any:
    """Return the user of that name, or None."""
    users: Any = get_user_model()
    return users._default_manager.filter(**{users.USERNAME_FIELD: name}).first()


def ids_of(names: Iterable[str]) -> dict[str, int]:
    """Return the ids of those of these users that exist, by their names."""
    users: Any = get_user_model()
    field, wanted, found = users.USERNAME_FIELD, sorted(set(names)), {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = users._default_manager.filter(**{f"{field}__in": wanted[start : start + _AT_ONCE]})
        found.update(some.values_list(field, "pk"))
    return found


def name_of(relation: str) -> str:
    """Write the lookup of the name of a related user, such as `author__username`."""
    return f"{relation}__{get_user_model().USERNAME_FIELD}"
