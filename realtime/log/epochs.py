"""A new epoch: what to give streams whose past can no longer be trusted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import transaction

from realtime.models import Stream, new_epoch

_CHUNK = 500


def bump_epoch(
    names: Sequence[str] | None = None, progress: Callable[[int], None] | None = None
) -> int:
    """Begin a new life of the named streams, or of all; return how many.

    Offsets go on from where they are; whoever stands at one of the old life is told
    to resynchronise. For after a restore, or a failover that may have lost commits.
    """
    streams = Stream.objects.all() if names is None else Stream.objects.filter(name__in=names)
    done, last = 0, 0
    while True:
        with transaction.atomic():
            chunk = list(
                streams.filter(pk__gt=last).select_for_update(no_key=True).order_by("pk")[:_CHUNK]
            )
            if not chunk:
                return done
            for stream in chunk:
                stream.epoch = new_epoch()
            Stream.objects.bulk_update(chunk, ["epoch"])
        last, done = chunk[-1].pk, done + len(chunk)
        if progress is not None:
            progress(done)
