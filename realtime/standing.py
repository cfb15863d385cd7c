"""Whether somebody who has logged in still may be: asked at the login, and ever again.

A change of rights writes an event to the user's stream (`realtime.access`), and the nodes
that hear it look again at once. Every RECHECK_SECONDS they look at everybody anyway: a
change that bypassed Django, or an event that could not be heard, is found then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from rest_framework_simplejwt.utils import get_md5_hash_password

from realtime import rooms
from realtime.core.identity import Identity
from realtime.models import EndedSession
from realtime.protocol.codes import CloseCode

CHUNK = 500  # users in one query


@dataclass(frozen=True, slots=True)
class Standing:
    """What the database knows of a login."""

    exists: bool = False
    is_active: bool = False
    stamp: str = ""
    ended: bool = False

    def refusal(self, identity: Identity) -> CloseCode | None:
        """Say with which code to send somebody away; None while all is well."""
        if not self.exists:
            return CloseCode.UNAUTHORIZED
        if not self.is_active:
            return CloseCode.REVOKED
        if self.ended or self.stamp != identity.stamp:
            return CloseCode.UNAUTHORIZED
        return None


def stamp_of(password: str) -> str:
    """Mark a stored password as simplejwt marks tokens with it."""
    return str(get_md5_hash_password(password))


def load(identities: Iterable[Identity]) -> dict[tuple[int, str], Standing]:
    """Read how logins stand, by user id and session."""
    wanted = sorted({(identity.user_id, identity.session) for identity in identities})
    found: dict[tuple[int, str], Standing] = {}
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        users = {
            pk: (is_active, password)
            for pk, is_active, password in get_user_model()
            ._default_manager.filter(pk__in={user_id for user_id, _ in chunk})
            .values_list("pk", "is_active", "password")
        }
        ended = set(
            EndedSession.objects.filter(pk__in={session for _, session in chunk}).values_list(
                "pk", flat=True
            )
        )
        for user_id, session in chunk:
            is_active, password = users.get(user_id, (False, ""))
            found[user_id, session] = Standing(
                user_id in users, is_active, stamp_of(password), session in ended
            )
    return found


def lost_rooms(joined: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    """Return those of `(user id, room)` that may be joined no longer."""
    lost = set()
    for user_id, room in joined:
        kind = rooms.kind_of(room)
        if kind is None or not (kind.open or kind.may_join(user_id, room)):
            lost.add((user_id, room))
    return lost
