"""A new epoch: what to give streams whose past can no longer be trusted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import transaction

from realtime.models import Stream, new_epoch

_CHUNK = 500  # streams a transaction locks


def bump_epoch(
    names: Sequence[str] | None = None, progress: Callable[[int], None] | None = None
) -> int:
    """Begin a new life of the named streams, or of all; return how many.

    Offsets go on from where they are; whoever stands at one of the old life is told
    to resynchronise. For after a restore, or a failover that may have lost commits.
    Streams are locked in the order of their names, as those who publish lock them, so
    it may run while they do.
    """
    streams = Stream.objects.all() if names is None else Stream.objects.filter(name__in=names)
    # Sorted here, where publishers sort too: a database may order names in another way.
    ordered = sorted(streams.values_list("name", flat=True))
    done = 0
    for start in range(0, len(ordered), _CHUNK):
        with transaction.atomic():
            for name in ordered[start : start + _CHUNK]:
                done += Stream.objects.filter(name=name).update(epoch=new_epoch())
        if progress is not None:
            progress(done)
    return done
