"""Check whether a login is still valid, at login and at every recheck.

`access.changes` writes an event for a change of rights, and nodes recheck at once. Every
RECHECK_SECONDS they recheck all logins anyway, to find changes that bypassed Django.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import Error as DatabaseError
from django.db.models import Exists, QuerySet
from rest_framework_simplejwt.utils import get_md5_hash_password

from realtime import rooms
from realtime.core.identity import Identity
from realtime.models import EndedSession
from realtime.protocol.codes import CloseCode
from realtime.sql.prepared import Prepared

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoginState:
    """The state of a login in the database."""

    exists: bool = False
    is_active: bool = False
    stamp: str = ""
    ended: bool = False

    def close_code(self, identity: Identity) -> CloseCode | None:
        """Return the code to close its sockets with; None if the login is valid."""
        if not self.exists:
            return CloseCode.UNAUTHORIZED
        if not self.is_active:
            return CloseCode.REVOKED
        if self.ended or self.stamp != identity.stamp:
            return CloseCode.UNAUTHORIZED
        return None


def stamp_of(password: str) -> str:
    """Return the mark of a stored password, as simplejwt puts it into tokens."""
    return str(get_md5_hash_password(password))


def is_valid(user: Any, identity: Identity) -> bool:
    """Say whether a login of a user, as the database has them now, is valid."""
    ended = EndedSession.objects.filter(pk=identity.session).exists()
    state = LoginState(True, user.is_active, stamp_of(user.password), ended)
    return state.close_code(identity) is None


def valid_user(identity: Identity) -> Any:
    """Return the user of a login that is valid now, else None. One query."""
    user = _with_end(identity.user_id, identity.session).first()
    if user is None:
        return None
    state = LoginState(True, user.is_active, stamp_of(user.password), user.login_ended)
    return user if state.close_code(identity) is None else None


def is_login_valid(identity: Identity) -> bool:
    """Say whether a login is valid now, as `valid_user` does, at a fraction of the cost."""
    for is_active, password, ended in _login.rows(identity.user_id, identity.session):
        state = LoginState(True, is_active, stamp_of(password), ended)
        return state.close_code(identity) is None
    return False


def _with_end(user_id: int, session: str) -> QuerySet[Any]:
    """Select a user, with whether this login of the user has ended."""
    ended = Exists(EndedSession.objects.filter(pk=session))
    users: Any = get_user_model()._default_manager
    return users.filter(pk=user_id).annotate(login_ended=ended)  # type: ignore[no-any-return]


_login = Prepared(
    lambda user_id, session: _with_end(user_id, session).values_list(
        "is_active", "password", "login_ended"
    )
)


def load(identities: Iterable[Identity]) -> dict[tuple[int, str], LoginState]:
    """Read the states of logins, by user id and session."""
    wanted = sorted({(identity.user_id, identity.session) for identity in identities})
    rows = get_user_model()._default_manager.filter(pk__in={user_id for user_id, _ in wanted})
    users: dict[int, list[Any]] = {
        pk: known for pk, *known in rows.values_list("pk", "is_active", "password")
    }
    sessions = EndedSession.objects.filter(pk__in={session for _, session in wanted})
    ended = set(sessions.values_list("pk", flat=True))
    found: dict[tuple[int, str], LoginState] = {}
    for user_id, session in wanted:
        is_active, password = users.get(user_id, [False, ""])
        found[user_id, session] = LoginState(
            user_id in users, is_active, stamp_of(password), session in ended
        )
    return found


def lost_rooms(joined: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    """Return those of `(user id, room)` that may no longer be joined.

    A room kind whose check fails keeps no member. Raises the errors of the database.
    """
    return {(user_id, room) for user_id, room in joined if not _may_stay(user_id, room)}


def _may_stay(user_id: int, room: str) -> bool:
    kind = rooms.kind_of(room)
    if kind is None or kind.open:
        return kind is not None
    try:
        return kind.may_join(user_id, room)
    except DatabaseError:
        raise
    except Exception:  # one kind's failure must not stop the check of others
        logger.exception("room %s: may_join failed", room)
        return False
