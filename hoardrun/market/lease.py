"""Which one process leads a source, or the engine: a row with an epoch that only grows.

A leader renews its lease often, and stops before it could expire. Should it not notice that another
has overtaken it, because it was paused, nothing that it stores takes effect: all of it goes through
`fenced`. No session of the database is needed, so connections may come from a pooler.

All functions are synchronous, and raise DatabaseError if the database is away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from hoardrun.market.models import Lease
from hoardrun.market.options import scaled

TTL_SECONDS = 10.0
RENEW_SECONDS = 3.0
MARGIN_SECONDS = 2.0
STATEMENT_SECONDS = 2.0
IDLE_SECONDS = 5.0  # that a transaction may do nothing: less than a lease has left


class Overtaken(Exception):
    """Another process leads now, or this one has never led."""


@dataclass(frozen=True, slots=True)
class Held:
    """A lease that a process was given. `epoch` is greater than that of every leader before."""

    name: str
    epoch: int
    holder: str


class Terms(NamedTuple):
    """The times of leases in seconds.

    A leader renews every `renew` seconds, and stops its work `margin` seconds before `ttl` has
    passed since it began the last renewal that succeeded, by its monotonic clock.
    """

    ttl: float
    renew: float
    margin: float


def terms() -> Terms:
    """Return the times of leases, which MARKET_TIME_SCALE divides."""
    return Terms(*map(scaled, (TTL_SECONDS, RENEW_SECONDS, MARGIN_SECONDS)))


def acquire(name: str, holder: str) -> Held | None:
    """Lead, if no lease of this name is in force; return None if another leads.

    Of processes that ask at the same time, one at most gets it. Waits for what the leader before is
    just storing.
    """
    if not Lease.objects.filter(name=name).exists():
        Lease.objects.bulk_create([Lease(name=name)], ignore_conflicts=True)
    free = Lease.objects.filter(name=name, expires_at__lte=Now())
    if not free.exists():  # asked without a lock, as candidates do all the time
        return None
    with _limited():
        taken = free.update(
            holder=holder, epoch=F("epoch") + 1, acquired_at=Now(), expires_at=_expiry()
        )
        if not taken:
            return None
        return Held(name, Lease.objects.values_list("epoch", flat=True).get(name=name), holder)


def renew(held: Held) -> bool:
    """Lead on for `Terms.ttl` seconds; return whether this process still leads.

    Takes STATEMENT_SECONDS at most. Does not wait for transactions of `fenced`.
    """
    with _limited():
        return bool(_row(held).update(expires_at=_expiry()))


def release(held: Held) -> None:
    """Let another process lead at once. Does nothing if it does so already.

    A renewal that comes after it, such as one that waited for the database, has no effect.
    """
    with _limited():
        _row(held).update(holder="", expires_at=Now())


@contextmanager
def fenced(held: Held) -> Iterator[None]:
    """Store what a leader decided: a transaction in which no other process can begin to lead.

    Raises Overtaken, before anything is stored, if another process leads or has led since. Keep it
    short: another process that is to lead waits for its end. So PostgreSQL ends it after
    IDLE_SECONDS without a statement, as of a process that is frozen in its midst.
    """
    with transaction.atomic():
        if not _still_leads(held):
            raise Overtaken(f"epoch {held.epoch} of {held.name} is over")
        yield


def overtake_all() -> None:
    """Make all leaders begin anew, with what is stored: call it in the transaction that changes it.

    Waits for what they are just storing; what they would store after it takes no effect.
    """
    Lease.objects.update(holder="", epoch=F("epoch") + 1, expires_at=Now())


def _row(held: Held) -> QuerySet[Lease]:
    return Lease.objects.filter(name=held.name, epoch=held.epoch, holder=held.holder)


def _expiry() -> CombinedExpression:
    return Now() + timedelta(seconds=terms().ttl)


def _still_leads(held: Held) -> bool:
    table = connection.ops.quote_name(Lease._meta.db_table)
    # SQLite's transactions are immediate: nobody else writes before this one ends.
    found, lock = "1", ""
    if connection.vendor == "postgresql":
        found, lock = _end_when_idle(), " FOR KEY SHARE"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {found} FROM {table} WHERE name = %s AND epoch = %s AND holder = %s{lock}",
            [held.name, held.epoch, held.holder],
        )
        return cursor.fetchone() is not None


@contextmanager
def _limited() -> Iterator[None]:
    """Begin a transaction that fails if it takes longer than STATEMENT_SECONDS, or is frozen."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT set_config('statement_timeout', '{_ms(STATEMENT_SECONDS)}', true), "
                    f"{_end_when_idle()}"
                )
        yield


def _end_when_idle() -> str:
    """Return the SQL by which PostgreSQL ends this transaction once its process is frozen."""
    limit = _ms(scaled(IDLE_SECONDS))
    return f"set_config('idle_in_transaction_session_timeout', '{limit}', true)"


def _ms(seconds: float) -> int:
    return max(1, int(seconds * 1000))
