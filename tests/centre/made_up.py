"""A history made by hand, for the tests of the checker."""

from __future__ import annotations

from typing import Any

from tests.centre.checker import Checker
from tests.centre.evidence import Delivery, Evidence, Ladder, Notice

T = 1_800_000_000.0  # 08:00 UTC, 11:00 in Kampala
PUSH, EMAIL, SMS = "https://push/1", "one@example.org", "+256700000001"
OF = {"push": ("webpush", PUSH), "email": ("smtp", EMAIL), "sms": ("twilio", SMS)}


class World:
    """One user with all addresses, and what became of her notifications."""

    def __init__(self, *, plain: bool = True) -> None:
        addresses = [{"channel": channel, "value": value} for channel, (_, value) in OF.items()]
        others = [{"channel": "sms", "value": "+256700000002"}]
        self.found = Evidence(
            {
                1: {"id": 1, "plain": plain, "zone": "Africa/Kampala", "addresses": addresses},
                2: {"id": 2, "plain": True, "zone": "Africa/Kampala", "addresses": others},
            },
            {}, {}, [], [], set(), [], [], [], 10.0, T + 1000,
        )  # fmt: skip

    def commit(self, kind: str, *, reason: str = "exhausted", number: int = 1) -> int:
        """Commit a notification, with its money and its ladder."""
        name = f"n{number}"
        self.found.notices[number] = Notice(number, 1, kind, name, None, None, None)
        self.found.ladders[number] = Ladder(T, T, T + 100, reason, number, "e")
        self.found.money.add(name)
        self.found.load.append(["end", T, name, "ok", number])
        return number

    def row(self, number: int, channel: str, rung: int, at: float, **given: Any) -> Delivery:
        """Decide a delivery, which is claimed and taken at a moment; see `take`."""
        values: dict[str, Any] = {
            "notification": number, "digest": None, "user": 1, "channel": channel, "rung": rung,
            "resend": 0, "state": "accepted", "reason": "", "required": False, "address": "h",
            "lease": 1, "provider": OF[channel][0], "provider_id": "", "duplicate": False,
            "created": at, "not_before": at, "updated": at,
        } | given  # fmt: skip
        made = Delivery(id=len(self.found.deliveries) + 1, **values)
        self.found.deliveries.append(made)
        return made

    def take(self, row: Delivery, at: float, *, to: str = "", user: str = "1") -> None:
        """Claim a delivery and let its provider take it."""
        provider, address = OF[row.channel]
        row.claims.append((at, at))
        row.attempts.append(("accepted", at, at + 0.1))
        said = {"delivery": row.id, "user": user}
        self.found.outside.append(["accepted", at + 0.05, provider, to or address, said])

    def phone(self, offset: int, at: float) -> None:
        """Let her phone apply everything up to an offset."""
        greeted = ["open", T - 9, "d0", 1, 1, {}, "new", 1]
        asked, told = ["ack", at, "d0", 1, "e", offset], ["acked", at, "d0", 1, "s", "e", offset]
        self.found.devices += [greeted, asked, told]

    def word(self, word: str, address: str, at: float, delivery: int | None = None) -> None:
        """Tell the product a word about an address, which takes it at once."""
        self.found.outside.append(["told", at, word, address, delivery])
        self.found.outside.sort(key=lambda line: line[1])

    def verdicts(self) -> set[str]:
        verdict = Checker(self.found).run()
        return {name for name, count in verdict.counts.items() if count}


def secured(world: World) -> list[Delivery]:
    """Tell of a PIN by all three channels, as must be."""
    number = world.commit("security.pin_changed")
    rows = [
        world.row(number, channel, rung, T, required=True)
        for rung, channel in enumerate(("push", "email", "sms"))
    ]
    for row in rows:
        world.take(row, T)
    return rows
