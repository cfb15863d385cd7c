"""The rules that decide what is sent to whom, and when. Pure: no Django, no I/O, no clock.

`decide` judges a ladder, `judge` one rung; `facts` has what they are given and what they return.
`resolve` says what a user has chosen, `quiet_until` when a quiet time ends, and `best_reach` how
surely somebody has been reached.
"""

from __future__ import annotations

from notifications.policy.decide import decide, judge
from notifications.policy.quiet import quiet_until, zone_of
from notifications.policy.reach import best_reach
from notifications.policy.resolve import resolve

__all__ = ["best_reach", "decide", "judge", "quiet_until", "resolve", "zone_of"]
