"""Reads and stores what a login needs from the database, for many logins at once.

The hub's loader calls `begin` on a database thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.contrib.auth import get_user_model
from django.db import connection

from realtime import clock, log
from realtime.access.validity import LoginState, stamp_of
from realtime.core.identity import Identity
from realtime.core.resume import StartPosition, Wish, decide
from realtime.log import CursorMove, Head
from realtime.meters import timed
from realtime.sql import table
from realtime.streams import streams_of


class LoginKey(NamedTuple):
    """Identify a login: the user, the device, and the session that the token belongs to."""

    user_id: int
    device: str
    session: str


@dataclass(slots=True, eq=False)
class Login:
    """A login of a device, or a renewal by a newer token, which has no wish.

    Compared by identity, as a wish is.
    """

    identity: Identity
    device: str
    wish: Wish | None
    device_class: str = ""
    key: LoginKey = field(init=False)

    def __post_init__(self) -> None:
        self.key = LoginKey(self.identity.user_id, self.device, self.identity.session)


@dataclass(frozen=True, slots=True)
class LoginData:
    """The user's standing, the heads of the streams, and the device's cursors.

    `missing` names streams that nothing was ever written to, and that do not exist;
    `quiet` those whose cursor has not been touched for a day; `begun` those whose cursor was
    stored just now; `classes` has the class of the device as each cursor knows it.
    """

    standing: LoginState
    heads: dict[str, Head]
    cursors: dict[str, tuple[str, int]]
    missing: list[str]
    quiet: list[str]
    begun: set[str]
    classes: dict[str, str] = field(default_factory=dict)

    def asked(self, name: str, wish: Wish) -> tuple[str | None, int | None]:
        """Return the epoch and offset that a client goes on from, by its own word or its cursor."""
        if name not in wish.since and name in self.cursors:
            return self.cursors[name]
        return wish.epochs.get(name), wish.since.get(name)

    def start(self, name: str, wish: Wish) -> StartPosition:
        """Decide where a client goes on in a stream."""
        head = self.heads[name]
        epoch, offset = self.asked(name, wish)
        return decide(
            since=offset, epoch=epoch, current_epoch=head.epoch, head=head.head, floor=head.floor
        )


@timed("login")
def begin(
    logins: Sequence[Login], is_wanted: Callable[[Login], bool] = bool
) -> dict[Login, LoginData]:
    """Read what logins need, and store where new devices begin: two queries for all of them.

    The result holds the cursors as they are stored. A login that is refused stores
    nothing, nor does one that `is_wanted` no more: its client has left in between.
    """
    found = load([*dict.fromkeys(login.key for login in logins)])
    first = [
        move
        for login in logins
        if is_wanted(login)
        for move in _first_cursors(login, found[login.key])
    ]
    if first:
        stored = log.begin_cursors(first)
        for key, session in found.items():
            places = {name: stored.get((key.user_id, key.device, name)) for name in session.heads}
            session.begun.update(places.keys() - session.cursors.keys())
            session.cursors.update({name: at for name, at in places.items() if at is not None})
    return {login: found[login.key] for login in logins}


def _first_cursors(login: Login, found: LoginData) -> Iterator[CursorMove]:
    """Say where a device begins in the streams in which it has no cursor yet.

    Told to resynchronise, it has not done so yet: a mark that no epoch equals says so. A cursor
    that does not know the class of the device learns it: what the device acknowledges may be asked
    about before its socket is listed, and after it is listed no more.
    """
    if (
        not login.device
        or login.wish is None
        or found.standing.close_code(login.identity) is not None
    ):
        return
    for name, head in found.heads.items():
        if name not in found.cursors:
            start = found.start(name, login.wish)
            at = ("" if start.resync else head.epoch, start.offset)
        elif login.device_class and found.classes.get(name) != login.device_class:
            at = found.cursors[name]
        else:
            continue
        yield CursorMove(login.identity.user_id, login.device, name, *at, login.device_class)


def load(keys: Sequence[LoginKey]) -> dict[LoginKey, LoginData]:
    """Read what logins need: one query for all of them.

    Streams that do not exist yet are begun, which takes two more.
    """
    found = _read(keys)
    missing = {name for session in found.values() for name in session.missing}
    if missing:
        log.ensure(missing)
        found = _read(keys)
    return found


def _read(keys: Sequence[LoginKey]) -> dict[LoginKey, LoginData]:
    quote = connection.ops.quote_name
    user = get_user_model()._meta
    assert user.pk.column is not None
    users, user_key = quote(user.db_table), quote(user.pk.column)
    wanted = [(*key, name) for key in keys for name in streams_of(key.user_id)]
    columns = {"user_id": "bigint", "device": "text", "session": "text", "stream": "text"}
    sessions: dict[LoginKey, LoginData] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH wanted AS ({table.given(columns)}) "
            "SELECT wanted.user_id, wanted.device, wanted.session, wanted.stream, "
            "person.is_active, person.password, finished.id, "
            f"{log.composed('stream.epoch')}, stream.head, stream.floor, "
            "place.epoch, place.acked, place.device_class, "
            f"place.updated_at < {clock.now_sql(ago=log.TOUCHED_EVERY)} "
            "FROM wanted "
            f"LEFT JOIN {users} person ON person.{user_key} = wanted.user_id "
            "LEFT JOIN realtime_endedsession finished ON finished.id = wanted.session "
            "LEFT JOIN realtime_stream stream ON stream.name = wanted.stream "
            "LEFT JOIN realtime_cursor place ON place.stream_id = stream.id "
            "AND place.user_id = wanted.user_id AND place.device = wanted.device",
            [table.parameter(wanted)],
        )
        for row in cursor.fetchall():
            key, name = LoginKey(*row[:3]), row[3]
            is_active, password, finished, epoch, head, floor, at, acked, known, quiet = row[4:]
            session = sessions.get(key)
            if session is None:
                standing = LoginState(
                    exists=is_active is not None,
                    is_active=bool(is_active),
                    stamp=stamp_of(password or ""),
                    ended=finished is not None,
                )
                session = sessions[key] = LoginData(standing, {}, {}, [], [], set())
            if epoch is not None:
                session.heads[name] = Head(epoch, head, floor)
            elif is_active:
                session.missing.append(name)
            if at is not None and key.device:
                session.cursors[name], session.classes[name] = (at, acked), known
                if quiet:
                    session.quiet.append(name)
    return sessions
