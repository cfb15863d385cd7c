"""The settings for what is not used any more, in a process that lives long.

They are those of Python's cycle collector and of the C library's allocator.
"""

from __future__ import annotations

import ctypes
import gc

_M_ARENA_MAX = -8  # of malloc.h


def collect_seldom() -> None:
    """Keep the collector from stopping the process for long.

    A write to a thousand sockets, a batch of messages or the import of an app makes thousands of
    objects that are no garbage, and by default each runs the collector. What is there already is
    excluded for good.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def reuse_among_threads() -> None:
    """Let what one thread has freed serve the others. Call it before there are threads.

    glibc gives threads up to eight places a core to take memory from, so that none waits for
    another. Python's threads take turns anyway, and each place keeps what its threads have freed.
    Other C libraries have one place, or no such setting.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_M_ARENA_MAX, 1)
