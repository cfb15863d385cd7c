"""Whatever changes a user's rights, wherever it is done, tells the nodes.

Where the change is made in a transaction, as the admin, the API and the services do, the
event is part of it. Changes that send no signals are found by `realtime.hub.recheck`.
"""

from __future__ import annotations

from collections.abc import Iterable
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
_MEMBERS = "_realtime_members"
_GROUPS = "_realtime_groups"


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
    """A user: before the row, since who publishes locks the stream before it needs the user."""
    changes.changed([instance.pk], "account")


def _changes(action: str, pk_set: Any) -> bool:
    """Say whether something was changed: to add what is there already sends a signal too."""
    return action == "post_clear" or (action in {"post_add", "post_remove"} and bool(pk_set))


def _of_user(
    sender: Any, instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any
) -> None:
    """Groups or permissions of users; seen from the other side, `pk_set` are the users."""
    if action == "pre_clear" and reverse:
        setattr(instance, _MEMBERS, list(instance.user_set.values_list("pk", flat=True)))
    if not _changes(action, pk_set):
        return
    members = (pk_set or instance.__dict__.pop(_MEMBERS, ())) if reverse else [instance.pk]
    changes.changed(list(members), "rights")


def _of_group(
    sender: Any, instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any
) -> None:
    """Permissions of groups; seen from the other side, `pk_set` are the groups."""
    if action == "pre_clear" and reverse:
        setattr(instance, _GROUPS, list(instance.group_set.values_list("pk", flat=True)))
    if not _changes(action, pk_set):
        return
    groups = (pk_set or instance.__dict__.pop(_GROUPS, ())) if reverse else [instance.pk]
    changes.changed(_members(groups), "rights")


def _members(groups: Iterable[int]) -> list[int]:
    users = get_user_model()._default_manager.filter(groups__in=groups)
    return sorted(set(users.values_list("pk", flat=True)))


def _group_goes(sender: Any, instance: Any, **kwargs: Any) -> None:
    """A group takes its memberships with it, for which there is no signal of their own."""
    changes.changed(_members([instance.pk]), "rights")


def _permission_goes(sender: Any, instance: Any, **kwargs: Any) -> None:
    own = set(instance.user_set.values_list("pk", flat=True))
    groups = instance.group_set.values_list("pk", flat=True)
    changes.changed(sorted(own.union(_members(groups))), "rights")


def connect() -> None:
    """Listen from now on."""
    user: Any = get_user_model()
    pre_save.connect(_remember, sender=user, dispatch_uid="realtime-before")
    post_save.connect(_tell, sender=user, dispatch_uid="realtime-changed")
    pre_delete.connect(_goes, sender=user, dispatch_uid="realtime-deleted")
    m2m_changed.connect(_of_user, sender=user.groups.through, dispatch_uid="realtime-groups")
    m2m_changed.connect(
        _of_user, sender=user.user_permissions.through, dispatch_uid="realtime-permissions"
    )
    m2m_changed.connect(
        _of_group, sender=Group.permissions.through, dispatch_uid="realtime-group-permissions"
    )
    pre_delete.connect(_group_goes, sender=Group, dispatch_uid="realtime-group-deleted")
    pre_delete.connect(_permission_goes, sender=Permission, dispatch_uid="realtime-gone")
