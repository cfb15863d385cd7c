"""Every table: which rows of it are a user's, and what becomes of them. See `tables.toml`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import Model, Q, QuerySet, TextField
from django.db.models.functions import Cast
from msgspec import Struct, toml
from msgspec.structs import replace

from hoardrun.broadcasts.kinds import KINDS
from hoardrun.ledger.models import Account
from realtime.append_only import AppendOnlyQuerySet
from realtime.streams import user_stream

_User: Any = get_user_model()
_PAGE = 1000  # sessions in memory at a time
_TO_A_USER = [name for name, kind in KINDS.items() if kind.target == "user_id"]


class Fate(StrEnum):
    """The treatment of a user's rows of a table by `forget_user`."""

    REMOVED = "removed"
    ANONYMISED = "anonymised"
    KEPT = "kept"
    NOBODYS = "nobody's"


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """One table, as `tables.toml` describes it."""

    fate: Fate
    name: str = ""  # that of the model's table, but for users
    whose: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()
    cleared: frozenset[str] = frozenset()
    cleared_whose: str = ""

    def rows(self, user_id: int) -> QuerySet[Any]:
        """Select a user's rows."""
        selected = _WHOSE.get(self.name)
        lookups = [(lookup, user_id) for lookup in self.whose]
        chosen = selected(user_id) if selected else Q(("pk__in", ()), *lookups, _connector=Q.OR)
        return _MODELS[self.name]._default_manager.filter(chosen)

    def clear(self, user_id: int) -> int:
        """Empty the columns that go, without signals; return the count of changed rows."""
        rows = self.rows(user_id)
        if self.cleared_whose:
            rows = rows.filter(**{self.cleared_whose: user_id})
        if isinstance(rows, AppendOnlyQuerySet):
            return rows.erase()
        optional = {name for name in self.cleared if rows.model._meta.get_field(name).null}
        texts = dict.fromkeys(self.cleared - optional, "")
        is_empty = Q(**texts, **{f"{name}__isnull": True for name in optional})
        return rows.exclude(is_empty).update(**texts, **dict.fromkeys(optional))


def about(rows: QuerySet[Any]) -> Q:
    """Select the entries of the admin's log that are about some rows."""
    keys = rows.annotate(text_of_pk=Cast("pk", TextField())).values("text_of_pk")
    return Q(content_type=ContentType.objects.get_for_model(rows.model), object_id__in=keys)


def log_about(user_id: int) -> Q:
    """Select the entries of the admin's log that are about a user or an account of theirs."""
    user = _User._default_manager.filter(pk=user_id)
    return about(user) | about(Account.objects.filter(user_id=user_id))


def _sessions(user_id: int) -> Iterator[str]:
    """Return the keys of a user's sessions, which only their content tells.

    Page by page: a cursor of the server would outlive its transaction.
    """
    last = ""
    while page := Session.objects.filter(pk__gt=last).order_by("pk")[:_PAGE]:
        for session in page:
            if session.get_decoded().get(SESSION_KEY) == str(user_id):
                yield session.session_key
        last = session.pk


def _given(user_id: int) -> Q:
    """Select what is given to a user, in a table between users and groups or rights."""
    return Q(**{_User._meta.get_field("groups").m2m_field_name(): user_id})


_WHOSE: dict[str, Callable[[int], Q]] = {
    "auth_user_groups": _given,
    "auth_user_user_permissions": _given,
    "django_session": lambda pk: Q(pk__in=list(_sessions(pk))),
    "django_admin_log": lambda pk: Q(user_id=pk) | log_about(pk),
    "realtime_event": lambda pk: Q(stream__name=user_stream(pk)),
    "broadcasts_broadcast": lambda pk: Q(author_id=pk) | Q(kind__in=_TO_A_USER, target=str(pk)),
    "realtime_stream": lambda pk: Q(name=user_stream(pk)),
}
_INSTALLED = apps.get_models(include_auto_created=True)
_MODELS: dict[str, type[Model]] = {model._meta.db_table: model for model in _INSTALLED} | {
    "auth_user": _User,  # whichever the project has
    "auth_user_groups": _User.groups.through,
    "auth_user_user_permissions": _User.user_permissions.through,
}
_ALL = toml.decode(Path(__file__).with_suffix(".toml").read_bytes(), type=dict[str, Table])
TABLES = {_MODELS[name]._meta.db_table: replace(table, name=name) for name, table in _ALL.items()}
PERSONAL = {name: table for name, table in TABLES.items() if table.fate is not Fate.NOBODYS}
