"""For processes with a fake clock: libfaketime 0.9.10 breaks the call that `time.sleep` makes.

Without it every `time.sleep` of such a process raises OSError (EINVAL), and so does each
retry that waits first.
"""

from __future__ import annotations

import select
import time


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep
