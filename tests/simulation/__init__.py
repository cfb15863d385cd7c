"""The real node on a clock, a loop, a log and a layer that a seed decides.

`python -m tests.simulation --seconds 60` looks for schedules that break a promise.
"""

from __future__ import annotations
