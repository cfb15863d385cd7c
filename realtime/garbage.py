"""The settings of Python's cycle collector, for a process that lives long."""

from __future__ import annotations

import gc


def collect_seldom() -> None:
    """Keep the collector from stopping the process for long.

    A write to a thousand sockets, a batch of messages or the import of an app makes thousands of
    objects that are no garbage, and by default each runs the collector. What is there already is
    excluded for good.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
