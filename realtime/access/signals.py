"""Report every change of a user's rights to the nodes, by Django's signals.

`realtime.apps` calls `connect`. The event is part of the transaction of the change. Changes that
send no signal are found later by `realtime.hub.recheck`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db.models.signals import m2m_changed, post_save, pre_delete, pre_save

from realtime.access import changes
from realtime.access.changes import Change

_WATCHED: dict[str, Change] = {
    "password": "password",
    "is_active": "account",
    "is_staff": "rights",
    "is_superuser": "rights",
}
_BEFORE = "_realtime_before"


def _remember(sender: Any, instance: Any, update_fields: Any = None, **kwargs: Any) -> None:
    watched = [name for name in _WATCHED if update_fields is None or name in update_fields]
    before = None
    if watched and instance.pk is not None:
        before = sender._default_manager.filter(pk=instance.pk).values(*watched).first()
    setattr(instance, _BEFORE, before)


def _tell(sender: Any, instance: Any, **kwargs: Any) -> None:
    before = instance.__dict__.pop(_BEFORE, None) or {}
    found = {_WATCHED[name] for name, value in before.items() if value != getattr(instance, name)}
    for change in sorted(found):
        changes.changed([instance.pk], change)


def _goes(sender: Any, instance: Any, **kwargs: Any) -> None:
    """Report a user before its row is deleted: publishers lock the stream first, then the user."""
    changes.changed([instance.pk], "account")


def _members(groups: Iterable[int]) -> list[int]:
    users = get_user_model()._default_manager.filter(groups__in=groups)
    return sorted(set(users.values_list("pk", flat=True)))


def _relation_changed(owners: str, users_of: Callable[[Iterable[int]], Iterable[int]]) -> Any:
    """Return a receiver of `m2m_changed` that reports the users whose rights have changed.

    Seen from the other side of the relation, `pk_set` are the owners, reached by the attribute
    `owners`; a clear must read them before it happens.
    """
    remembered = f"_realtime_{owners}"

    def receive(
        sender: Any, instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any
    ) -> None:
        if action == "pre_clear" and reverse:
            ids = list(getattr(instance, owners).values_list("pk", flat=True))
            setattr(instance, remembered, ids)
        # Adding what exists already sends a signal too, with an empty set.
        if action != "post_clear" and not (action in {"post_add", "post_remove"} and pk_set):
            return
        found = (pk_set or instance.__dict__.pop(remembered, ())) if reverse else [instance.pk]
        changes.changed(users_of(found), "rights")

    return receive


_of_user = _relation_changed("user_set", list)  # groups or permissions of users
_of_group = _relation_changed("group_set", _members)  # permissions of groups


def _group_goes(sender: Any, instance: Any, **kwargs: Any) -> None:
    """Report the members of a deleted group: its memberships send no signal."""
    changes.changed(_members([instance.pk]), "rights")


def _permission_goes(sender: Any, instance: Any, **kwargs: Any) -> None:
    own = set(instance.user_set.values_list("pk", flat=True))
    groups = instance.group_set.values_list("pk", flat=True)
    changes.changed(sorted(own.union(_members(groups))), "rights")


def connect() -> None:
    """Connect all receivers."""
    user: Any = get_user_model()
    pre_save.connect(_remember, sender=user)
    post_save.connect(_tell, sender=user)
    pre_delete.connect(_goes, sender=user)
    m2m_changed.connect(_of_user, sender=user.groups.through)
    m2m_changed.connect(_of_user, sender=user.user_permissions.through)
    m2m_changed.connect(_of_group, sender=Group.permissions.through)
    pre_delete.connect(_group_goes, sender=Group)
    pre_delete.connect(_permission_goes, sender=Permission)
