"""Judge what a trace says of one device against what was played. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Judgement = Literal["named", "unknown", "wrong"]
# Words of a trace that name nothing: they are not wrong.
UNNAMED = frozenset({"unknown", "waiting"})
ARRIVED = frozenset({"written", "acked"})


@dataclass(frozen=True)
class Said:
    """The answer of a trace for a device: its verdict's code, and whether it has the event."""

    verdict: str
    reach: str
    text: str


def said_of(answer: Mapping[str, Any], device: str, connection_id: str = "") -> Said:
    """Return what an answer says of a device; where it knows none, what of the whole.

    One without a name is known by its connection.
    """
    for found in answer["devices"]:
        sockets = [socket["connection_id"] for socket in found["sockets"]]
        if found["device"] == device and (device or connection_id in sockets):
            return Said(found["verdict"], found["reach"], found["text"])
    if answer["devices"]:
        return Said("unknown", "unknown", "Nothing is said of it.")
    return Said(answer["verdict"], "no", answer["text"])


def of_target(said: Said, reasons: Collection[str], *, has_it: bool) -> Judgement:
    """Judge the word on a device that was kept from the event by one of these reasons.

    It is wrong to name another reason, and to say that the device has what it has not, or that
    it has not what it has.
    """
    if said.reach in ARRIVED and not has_it:
        return "wrong"
    if said.reach == "no" and has_it:
        return "wrong"
    if said.verdict in reasons:
        return "named"
    return "unknown" if said.verdict in UNNAMED else "wrong"


def of_other(said: Said, *, is_late: bool = False) -> Judgement:
    """Judge the word on a device that has the event: nothing kept it from it, or it was late."""
    if said.verdict == ("wakeup_lost" if is_late else "delivered") and said.reach != "no":
        return "named"
    return "unknown" if said.verdict in UNNAMED and said.reach != "no" else "wrong"
