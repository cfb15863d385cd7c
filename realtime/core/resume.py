"""Decides where a connecting client goes on: what it asks for, and what the log still has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from realtime.core.continuity import Reason
from realtime.protocol.commands import FILTER_TYPES, MAX_SAFE_INTEGER

# The subscription of most sockets. An empty set of its own would take each of them 216 bytes.
EVERYTHING: frozenset[str] = frozenset()
# A snapshot takes a node about this long. Snapshots of many sockets are spread over the sum.
MS_PER_SNAPSHOT = 5
MAX_SNAPSHOT_MS = 60_000  # whatever the number of sockets
FEW_SNAPSHOTS = 20  # are not spread


@dataclass(frozen=True, slots=True)
class StartPosition:
    """Send what follows `offset`; with a reason, say first that the past is gone."""

    offset: int
    resync: Reason | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """The offsets that a client asks to go on from, by stream, and the epochs they belong to.

    Compared by identity: two logins are two questions, even with equal wishes.
    """

    since: Mapping[str, int]
    epochs: Mapping[str, str]


def parse_since(text: str, own_stream: str, streams: Sequence[str]) -> dict[str, int]:
    """Read `user:17,announcements:3`; `user` means the client's own stream.

    Raises ValueError in words for the client.
    """
    found: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        name, _, digits = part.rpartition(":")
        stream = own_stream if name == "user" else name
        if stream not in streams:
            raise ValueError("`since` names a stream that is not of this connection")
        if not (digits.isascii() and digits.isdigit()) or int(digits) > MAX_SAFE_INTEGER:
            raise ValueError("`since` holds an offset that is not a whole number from 0")
        found[stream] = int(digits)
    return found


def parse_types(text: str) -> frozenset[str]:
    """Read the subscription that a client resumes with, such as `transaction,balance`.

    Raises ValueError in words for the client.
    """
    if not text:
        return EVERYTHING
    types = frozenset(filter(None, text.split(",")))
    if types.difference(FILTER_TYPES):
        raise ValueError(f"`types` holds some of: {', '.join(sorted(FILTER_TYPES))}")
    return types


def join_epochs(epochs: Sequence[str]) -> str:
    """Write the epochs of a connection's streams as the one text that clients hand back."""
    return ".".join(epochs)


def split_epochs(text: str, streams: Sequence[str]) -> Mapping[str, str]:
    """Read what `join_epochs` wrote; an empty text says nothing about any stream."""
    if not text:
        return {}
    parts = text.split(".")
    return {name: parts[i] if i < len(parts) else "" for i, name in enumerate(streams)}


def decide(
    *, since: int | None, epoch: str | None, current_epoch: str, head: int, floor: int
) -> StartPosition:
    """Say where to go on in one stream.

    `since` None starts at the head. An offset of another epoch, one that does not exist
    yet or one whose successors are trimmed cannot be continued: go on from the head, and
    say so, rather than send a part. The table of cases is that of Centrifuge's recovery.
    """
    if since is None:
        return StartPosition(head)
    if epoch is not None and epoch != current_epoch:
        return StartPosition(head, "epoch")
    if since > head:
        return StartPosition(head, "ahead")
    if since < floor:
        return StartPosition(head, "trimmed")
    return StartPosition(since)


def snapshots_within_ms(sockets: int) -> int:
    """Return the time over which a node spreads the snapshots of these sockets."""
    return min(MAX_SNAPSHOT_MS, MS_PER_SNAPSHOT * sockets) if sockets > FEW_SNAPSHOTS else 0
