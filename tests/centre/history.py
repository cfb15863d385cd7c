"""What a run left behind, with indexes, and which row each message that was taken belongs to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from tests.centre.evidence import Delivery, Evidence, grouped
from tests.centre.people import People
from tests.centre.words import Words

CHANNEL_OF = {"webpush": "push", "twilio": "sms", "africastalking": "sms", "smtp": "email"}


@dataclass(frozen=True)
class Taken:
    """One message that a provider has accepted."""

    at: float
    provider: str
    address: str
    row: Delivery | None
    said: dict[str, Any]

    @property
    def channel(self) -> str:
        return CHANNEL_OF[self.provider]

    def claimed(self) -> float:
        """Return when the claim began by which it was sent."""
        assert self.row is not None
        return max((began for began, _ in self.row.claims if began <= self.at), default=self.at)


class History:
    """What happened, found again by what asks for it."""

    def __init__(self, found: Evidence) -> None:
        self.found = found
        self.people = People(found.devices, found.load)
        self.rows = {row.id: row for row in found.deliveries}
        self._by_id = {row.provider_id: row for row in found.deliveries if row.provider_id}
        self._unnamed: dict[int, list[Delivery]] = defaultdict(list)  # SMS, by user
        for row in found.deliveries:
            if row.channel == "sms" and not row.provider_id:
                self._unnamed[row.user].append(row)
        self.by_rung = grouped(found.deliveries)
        self.owners = {
            one["value"]: user for user, person in found.people.items()
            for one in person["addresses"]
        }  # fmt: skip
        self.taken = [self._taken(line) for line in found.outside if line[0] == "accepted"]
        self.of_row: dict[int, list[Taken]] = defaultdict(list)
        self.of_notice: dict[tuple[int, str], list[Taken]] = defaultdict(list)
        for one in self.taken:
            if one.row is not None:
                self.of_row[one.row.id].append(one)
                if one.row.notification is not None:
                    self.of_notice[one.row.notification, one.channel].append(one)
        self.voided = {one.supersedes for one in found.notices.values() if one.supersedes}
        self.shown: set[int] = set()
        self.said: dict[int, set[str]] = defaultdict(set)
        for line in found.outside:
            if line[0] == "saying" and line[2] == "displayed":
                self.shown.add(line[3])
            elif line[0] == "said" and isinstance(line[3], int):
                self.said[line[3]].add(line[2])
        self.words = Words(found.outside)
        self.refused: dict[str, str] = {}  # the newest word of a provider about an address
        for line in found.outside:
            if line[0] in {"refused", "registered"}:
                self.refused[line[3]] = line[0]
        bounces = (line for line in found.outside if line[0] == "told" and line[2] == "bounced")
        self.bounced: set[int] = {line[4] for line in bounces}

    def _taken(self, line: list[Any]) -> Taken:
        _, at, provider, address, said = line
        row = self.rows.get(said.get("delivery", 0))
        if row is None and "id" in said:
            row = self._by_id.get(said["id"]) or self._by_address(address, at)
        return Taken(at, provider, address, row, said)

    def _by_address(self, address: str, at: float) -> Delivery | None:
        """Return the row of an SMS whose id our side never learned: the newest claim before it."""
        near = [
            (began, row.id)
            for row in self._unnamed.get(self.owners.get(address, 0), ())
            for began, _ in row.claims
            if began <= at
        ]
        return self.rows[max(near)[1]] if near else None
