"""Begin a new epoch of streams whose past can no longer be trusted.

`manage.py bump_epoch` calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import transaction

from realtime.models import Stream, new_epoch

_CHUNK = 500  # streams a transaction locks


def bump_epoch(
    names: Sequence[str] | None = None, progress: Callable[[int], None] | None = None
) -> int:
    """Give the named streams, or all, a new epoch; return how many.

    Use it after a restore, or a failover that may have lost commits. Offsets continue; clients
    with an old epoch are told to resynchronise. Locks streams in the order of their names, as
    publishers do, so both may run at once.
    """
    streams = Stream.objects.all() if names is None else Stream.objects.filter(name__in=names)
    # Sort in Python as publishers do: a database may order names differently.
    ordered = sorted(streams.values_list("name", flat=True))
    done = 0
    for start in range(0, len(ordered), _CHUNK):
        with transaction.atomic():
            for name in ordered[start : start + _CHUNK]:
                done += Stream.objects.filter(name=name).update(epoch=new_epoch())
        if progress is not None:
            progress(done)
    return done
