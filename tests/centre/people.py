"""What is known of users at each moment, from the journals of devices and of the load. Pure.

All of it is careful in one direction: `may_have` says what a correct product may have believed,
`must_have` what no correct product can have overlooked.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

STALE_SECONDS = 4.0  # how old the registry of sockets may be, and a node that died
NEVER = float("inf")


class Acks:
    """How far a device had come in each epoch, in the order of time."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[list[int], list[float]]] = defaultdict(lambda: ([], []))

    def add(self, at: float, epoch: str, offset: int) -> None:
        offsets, moments = self._of[epoch]
        if not offsets or offset > offsets[-1]:
            offsets.append(offset)
            moments.append(at)

    def first(self, epoch: str, offset: int) -> float:
        """Return when it first had come to an offset; NEVER if it had not."""
        offsets, moments = self._of.get(epoch, ([], []))
        place = bisect_left(offsets, offset)
        return moments[place] if place < len(moments) else NEVER


class Device:
    """One device: when it was there, and how far it had come."""

    def __init__(self, user: int, kind: str) -> None:
        self.user, self.kind = user, kind
        self.sent, self.stored = Acks(), Acks()  # what it said, and what it was told is stored
        self.states: list[tuple[float, str]] = []

    def was_there(self, since: float, until: float) -> bool:
        """Say whether its person may have been there at some moment between."""
        state = "away"
        for at, new in self.states:
            if state == "active" and at >= since - STALE_SECONDS:
                return True
            if at > until:
                return False
            state = new
        return state == "active"


class People:
    """The devices, what users saw, and what they chose."""

    def __init__(self, devices: list[list[Any]], load: list[list[Any]]) -> None:
        self.devices: dict[str, Device] = {}
        self.of_user: dict[int, list[Device]] = defaultdict(list)
        self.seeing: dict[int, float] = {}
        self.seen: dict[int, float] = {}
        self.cancelling: dict[int, float] = {}
        self.cancelled: dict[int, float] = {}
        self.wishes: dict[int, list[tuple[str, float, dict[str, Any]]]] = defaultdict(list)
        for line in devices:
            self._of_device(line)
        for line in load:
            self._of_load(line)

    def _of_device(self, line: list[Any]) -> None:
        kind, at, name = line[:3]
        if kind == "open" and name not in self.devices:
            number = int(name[1:])
            found = Device(line[7], "phone" if number % 3 == 0 else "desktop")
            self.devices[name] = found
            self.of_user[found.user].append(found)
        device = self.devices.get(name)
        if device is None:
            return
        match kind:
            case "ack":
                device.sent.add(at, line[4], line[5])
            case "acked":
                device.stored.add(at, line[5], line[6])
            case "presence":
                device.states.append((at, line[4]))
            case "close":
                device.states.append((at, "away"))
            case "seeing":
                self.seeing.setdefault(line[5], at)
            case "seen":
                self.seen.setdefault(line[5], at)

    def _of_load(self, line: list[Any]) -> None:
        if line[0] not in {"changing", "changed"}:
            return
        kind, at, user, what, content = line
        if what == "cancel":
            known = self.cancelled if kind == "changed" else self.cancelling
            known.setdefault(content, at)
        else:
            self.wishes[user].append((kind, at, content))

    def may_be_on_device(
        self, user: int, epoch: str, offset: int, since: float, until: float
    ) -> bool:
        """Say whether a device may have been taken to have an event by then."""
        return any(
            device.sent.first(epoch, offset) <= until
            and (device.kind == "phone" or device.was_there(since, until))
            for device in self.of_user[user]
        )

    def phone_has(self, user: int, epoch: str, offset: int) -> float:
        """Return since when a phone was surely known to have an event: it was told so."""
        return min(
            (
                device.stored.first(epoch, offset)
                for device in self.of_user[user]
                if device.kind == "phone"
            ),
            default=NEVER,
        )

    def switched_off(self, user: int, category: str, channel: str, at: float) -> float:
        """Return since when a user has surely not wanted a category by a channel; NEVER if not."""
        since = NEVER
        for kind, moment, wish in self.wishes[user]:
            cells = wish.get("cells", {}).get(f"category:{category}", {})
            if channel not in cells or moment > at:
                continue
            since = moment if kind == "changed" and cells[channel] is False else NEVER
        return since

    def quiet(self, user: int, zone: str, at: float) -> bool:
        """Say whether a moment surely lies in a quiet time of a user, by a second or more.

        What a user changed in the second before may have been seen or not.
        """
        possible: list[list[dict[str, Any]]] = []
        for kind, moment, wish in self.wishes[user]:
            if "quiet" not in wish or moment > at:
                continue
            windows = wish["quiet"] if kind == "changed" else []
            possible = [windows] if moment <= at - 1 else [*possible, windows]
        return bool(possible) and all(
            any(_within(one, zone, at - 1) and _within(one, zone, at + 1) for one in windows)
            for windows in possible
        )


def _within(window: dict[str, Any], zone: str, at: float) -> bool:
    local = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone)).time()
    start, end = time.fromisoformat(window["start"]), time.fromisoformat(window["end"])
    return start <= local < end if start < end else local >= start or local < end
