"""Tickets let a browser connect without a token in its URL.

The API issues them; the consumer redeems them at the handshake. A ticket is 256 random bits, valid
once and for some seconds. The database stores only its hash; deleting the row redeems it, so only
one of several attempts succeeds.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models.functions import Now

from realtime import clock
from realtime.core.identity import Identity
from realtime.models import Ticket
from realtime.options import options

BYTES = 32


def issue(identity: Identity) -> tuple[str, float]:
    """Create a ticket for a token's identity; return it and its life in seconds."""
    ticket = secrets.token_urlsafe(BYTES)
    seconds = options().ticket_seconds
    Ticket.objects.create(
        hash=digest(ticket),
        user_id=identity.user_id,
        session=identity.session,
        stamp=identity.stamp,
        login_expires_at=datetime.fromtimestamp(identity.expires_at, UTC),
        expires_at=Now() + timedelta(seconds=seconds),
    )
    return ticket, seconds


def digest(ticket: str) -> str:
    """Return the hash of a ticket, which is all that is stored."""
    return hashlib.sha256(ticket.encode(errors="replace")).hexdigest()


class Attempt(NamedTuple):
    """One connection's attempt to redeem a ticket."""

    hash: str
    connection_id: str


def redeem(attempts: Sequence[Attempt]) -> dict[Attempt, Identity | None]:
    """Redeem tickets; return an identity per attempt, None if unknown, used or expired."""
    found: dict[Attempt, Identity | None] = dict.fromkeys(attempts)
    first = {attempt.hash: attempt for attempt in reversed(attempts)}
    table = connection.ops.quote_name(Ticket._meta.db_table)
    # Lock in one order, so that two nodes with the same tickets never deadlock.
    marks = ", ".join(["%s"] * len(first))
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"SELECT hash FROM {table} WHERE hash IN ({marks}) ORDER BY hash FOR UPDATE",
                sorted(first),
            )
        cursor.execute(
            f"DELETE FROM {table} WHERE hash IN ({marks}) "
            "RETURNING hash, user_id, session, stamp, login_expires_at, expires_at",
            sorted(first),
        )
        rows = cursor.fetchall()
        moment = clock.now()  # by the database, as clocks of nodes differ
        for key, user_id, session, stamp, login_expires_at, expires_at in rows:
            if clock.moment_of(expires_at) > moment:
                found[first[key]] = Identity(
                    user_id, clock.moment_of(login_expires_at).timestamp(), session, stamp
                )
    return found


def forget_expired() -> None:
    """Delete expired tickets."""
    Ticket.objects.filter(expires_at__lt=Now()).delete()
