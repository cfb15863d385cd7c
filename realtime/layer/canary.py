"""A message that a node sends itself through each Redis, to notice a silent one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from realtime.layer import groups

MISSED = 2  # in a row, before a connection counts as dead


class Canaries:
    """One canary for each shard, in a group whose name belongs to that shard."""

    def __init__(self, node_id: str, place_of: Callable[[str], int], shards: int) -> None:
        self.number = 0  # of the last ones sent
        self.groups = _one_each(node_id, place_of, shards)
        self._heard = [0] * shards
        self._missed = [0] * shards

    def heard(self, place: int, number: int) -> bool:
        """Note that a canary has come back; return False if there is no such shard."""
        if not 0 <= place < len(self._heard):
            return False
        self._heard[place] = max(self._heard[place], number)
        return True

    def are_back(self, number: int) -> bool:
        """Say whether those of this number have come back through each shard."""
        return min(self._heard) >= number

    def judge(self, place: int, number: int, *, joined: bool, sent: bool) -> tuple[bool, bool]:
        """Return whether messages may have been missed, and whether the connection is dead.

        One that was not sent means that Redis is away: another connection would not help.
        """
        if not joined or (sent and self._heard[place] >= number):
            self._missed[place] = 0
            return False, False
        self._missed[place] = self._missed[place] + 1 if sent else 0
        if self._missed[place] < MISSED:
            return True, False
        self._missed[place] = 0
        return True, True


def _one_each(node_id: str, place_of: Callable[[str], int], shards: int) -> Sequence[str]:
    """Return one group of this node for each shard, found by trying names."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < shards:
        group = groups.node_group(f"{node_id}.{number}")
        found.setdefault(place_of(group), group)
        number += 1
    return [found[place] for place in range(shards)]
