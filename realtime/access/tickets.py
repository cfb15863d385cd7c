"""Tickets: let a browser's socket in without a token in its URL.

A ticket is 256 random bits, good once and for some seconds. The database keeps its hash
only, and the row's deletion decides who of several has redeemed it.
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
    """Make a ticket for whoever a token speaks for; return it and for how many seconds."""
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
    """Return what is kept of a ticket."""
    return hashlib.sha256(ticket.encode(errors="replace")).hexdigest()


class Attempt(NamedTuple):
    """Somebody's try with a ticket; two with the same one are two attempts."""

    hash: str
    connection_id: str


def redeem(attempts: Sequence[Attempt]) -> dict[Attempt, Identity | None]:
    """Use tickets up: whom each attempt lets in; None for a ticket unknown, used or too old."""
    found: dict[Attempt, Identity | None] = dict.fromkeys(attempts)
    first = {attempt.hash: attempt for attempt in reversed(attempts)}
    table = connection.ops.quote_name(Ticket._meta.db_table)
    # Always in the same order, so that two nodes with the same tickets never deadlock.
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
        moment = clock.now()  # another node may have issued the ticket, by another clock
        for key, user_id, session, stamp, login_expires_at, expires_at in rows:
            if clock.moment_of(expires_at) > moment:
                found[first[key]] = Identity(
                    user_id, clock.moment_of(login_expires_at).timestamp(), session, stamp
                )
    return found


def forget_expired() -> None:
    """Delete the tickets that nobody has used."""
    Ticket.objects.filter(expires_at__lt=Now()).delete()
