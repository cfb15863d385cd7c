"""Choose the provider of a call. Pure.

Another one is tried only after *not sent* or *refused*, or where the first lets nothing through.
After a call whose outcome is not known, the same one is asked again: it can tell a repetition.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from realtime.outgoing import Outcome


class Tried(NamedTuple):
    """One earlier call: its lease, its provider, and how it ended."""

    lease: int
    provider: str
    outcome: str


class Choice(NamedTuple):
    """The provider to call, if one lets calls through, and whether another is left after it."""

    provider: str | None
    has_another: bool


def choose(
    order: Sequence[str],
    tried: Sequence[Tried],
    blocked: Collection[str],
    unsettled: str = "",
) -> Choice:
    """Choose among providers in their order.

    `unsettled` is the provider of the newest call, if nobody knows how that ended.
    """
    refused = {one.provider for one in tried if one.outcome == Outcome.REFUSED}
    calls = [one.provider for one in tried]
    left = [name for name in order if name not in refused and name not in blocked]
    if unsettled:
        return Choice(unsettled if unsettled in left else None, False)
    left.sort(key=calls.count)  # stable: of those that were tried as often, the first
    untried = [name for name in left[1:] if name not in calls]
    return Choice(left[0] if left else None, bool(untried))
