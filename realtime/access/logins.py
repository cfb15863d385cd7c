"""The logins of a user that last, each on one device: to look at, and to end.

A login lasts while it has a refresh token of ours that can still be used, or an open socket.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from realtime import clock, registry
from realtime.access import changes
from realtime.models import Connection, EndedSession, IssuedToken
from realtime.retry import one_transaction

MOST = 100


@dataclass(frozen=True, slots=True)
class KnownLogin:
    """One login. `client` is the User-Agent of its program, as it last asked for tokens.

    `began_at` is None where its first token is not known any more, or was issued elsewhere.
    `seen_at` is now while a socket is open, else when it last had new tokens. The sockets are
    those of live nodes, up to two seconds old.
    """

    session: str
    client: str
    began_at: datetime | None
    seen_at: datetime
    sockets: tuple[Connection, ...]

    @property
    def is_online(self) -> bool:
        return bool(self.sockets)

    @property
    def is_active(self) -> bool:
        """Say whether its person is there, as its sockets last said."""
        return any(socket.is_active for socket in self.sockets)


def logins(user_id: int) -> list[KnownLogin]:
    """Return the logins of a user, those seen last first.

    Of those without an open socket, the MOST that were seen last: a program may log in each minute.
    """
    now = clock.now()
    tokens = {token.session: token for token in _usable(user_id, now)}
    sockets: dict[str, list[Connection]] = {}
    for socket in registry.connections().filter(user_id=user_id):
        sockets.setdefault(socket.session, []).append(socket)
    sessions = tokens.keys() | sockets.keys()
    ended = set(EndedSession.objects.filter(pk__in=sessions).values_list("pk", flat=True))
    began = dict(
        IssuedToken.objects.filter(pk__in=sessions, user_id=user_id).values_list("pk", "issued_at")
    )
    found = []
    for session in sessions - ended:
        own, token = sockets.get(session, []), tokens.get(session)
        found.append(
            KnownLogin(
                session=session,
                client=_client(own, token),
                began_at=began.get(session),
                seen_at=now if own or token is None else token.issued_at,
                sockets=tuple(own),
            )
        )
    return sorted(found, key=lambda login: (login.seen_at, login.session), reverse=True)


@one_transaction
def end_login(*, user_id: int, session: str) -> bool:
    """End a login of this user, and close its sockets; return False if the user has none such."""
    changes.lock_user(user_id)
    own = Q(user_id=user_id, session=session)
    if not (IssuedToken.objects.filter(own).exists() or Connection.objects.filter(own).exists()):
        return False
    changes.end_session(user_id=user_id, session=session)
    return True


def _usable(user_id: int, now: datetime) -> Iterable[IssuedToken]:
    """Return the newest refresh tokens of logins, MOST of them, oldest first."""
    unused = IssuedToken.objects.filter(user_id=user_id, expires_at__gt=now, used_at=None)
    ended = EndedSession.objects.filter(pk=OuterRef("session"))
    lasting = unused.exclude(session="").exclude(Exists(ended))
    return reversed(lasting.order_by("-issued_at", "-pk")[:MOST])


def _client(sockets: Iterable[Connection], token: IssuedToken | None) -> str:
    told = [socket.client for socket in sockets if socket.client]
    return told[0] if told else token.client if token is not None else ""
