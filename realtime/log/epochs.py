"""The epochs of streams: how they are composed, and how new ones begin.

An epoch on the wire, in a cursor and in a wake-up is one opaque text: the stream's own part and,
once the deployment has one, the deployment's part behind it. All readers of a stream's epoch in the
database compose it by `composed`, so that all places compare alike. A new deployment part is
one UPDATE and begins a new life of every stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from django.db import connection, transaction

from realtime import clock
from realtime.models import Deployment, Stream, new_epoch

_CHUNK = 500  # streams a transaction locks
# The table has one row at most; without a condition, PostgreSQL plans it fastest.
DEPLOYMENT = "(SELECT deployment.epoch FROM realtime_deployment deployment)"


def composed(column: str) -> str:
    """Return an SQL expression: the whole epoch of a stream whose own part is in `column`."""
    return f"({column} || COALESCE('-' || NULLIF({DEPLOYMENT}, ''), ''))"


def compose(own: str, deployment: str | None) -> str:
    """Return the whole epoch, as `composed` does, of a stream's own part and of DEPLOYMENT."""
    return f"{own}-{deployment}" if deployment else own


def deployment_part(epoch: str) -> str:
    """Return the deployment's part of a whole epoch; an empty text before it has one."""
    return epoch.partition("-")[2]


def deployment() -> Deployment:
    """Read the deployment's row, or what it would be."""
    return Deployment.objects.filter(pk=1).first() or Deployment()


def bump_epoch(
    names: Sequence[str] | None = None, progress: Callable[[int], None] | None = None
) -> int:
    """Give the named streams, or all, a new epoch; return how many.

    Use it after a restore, or a failover that may have lost commits. Offsets continue; clients
    with an old epoch are told to resynchronise. All streams take one UPDATE of the deployment's
    row, which makes no publisher wait. Named ones are locked in the order of their names, as
    publishers lock them, so both may run at once.
    """
    if names is None:
        bump_deployment()
        return Stream.objects.count()
    return _bump_each(
        Stream.objects.filter(name__in=names).values_list("name", flat=True), progress
    )


def bump_deployment() -> str:
    """Begin a new epoch of all streams; return the deployment's part of it."""
    epoch, now = new_epoch(), clock.now_sql()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO realtime_deployment (id, epoch, bumped_at) VALUES (1, %s, {now}) "
            f"ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, bumped_at = {now}",
            [epoch],
        )
    return epoch


def bump_each_stream(progress: Callable[[int], None] | None = None) -> int:
    """Give every stream a new part of its own; for nodes of a release without a deployment part.

    One UPDATE a stream.
    """
    return _bump_each(Stream.objects.values_list("name", flat=True), progress)


def _note_bumped() -> None:
    """Have nodes compare all their streams: these have changed without an event."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO realtime_deployment (id, streams_bumped_at) "
            f"VALUES (1, {clock.now_sql()}) ON CONFLICT (id) DO UPDATE "
            "SET streams_bumped_at = excluded.streams_bumped_at",
            [],
        )


def _bump_each(names: Iterable[str], progress: Callable[[int], None] | None) -> int:
    # Sort in Python as publishers do: a database may order names differently.
    ordered, done = sorted(names), 0
    for start in range(0, len(ordered), _CHUNK):
        with transaction.atomic():
            for name in ordered[start : start + _CHUNK]:
                done += Stream.objects.filter(name=name).update(epoch=new_epoch())
            _note_bumped()
        if progress is not None:
            progress(done)
    return done
