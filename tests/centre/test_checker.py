"""The checker, with histories made by hand: each verdict has one that it must name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.centre.checker import Checker
from tests.centre.evidence import Delivery, Digest, Evidence, Ladder, Notice
from tests.centre.verdict import VERDICTS

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


def test_what_is_as_it_must_be_is_clean():
    world = World()
    secured(world)
    assert world.verdicts() == set()


def test_a_required_message_that_nobody_took_is_missed():
    world = World()
    rows = secured(world)
    del world.found.outside[2]
    rows[2].state = "skipped"
    assert world.verdicts() == {"missed"}


def test_money_without_its_notification_is_missed():
    world = World()
    world.found.money.add("n9")
    assert world.verdicts() == {"missed"}


def test_a_phone_that_has_it_excuses_a_rung_and_makes_it_needless():
    world = World()
    number = world.commit("transaction.failed", reason="reached")
    world.take(world.row(number, "push", 0, T + 1), T + 1)
    world.phone(number, T + 2)
    assert world.verdicts() == set()
    world.take(world.row(number, "sms", 1, T + 30), T + 30)
    assert world.verdicts() == {"needless"}


@pytest.mark.parametrize(("epoch", "offset"), [("old", 1), ("e", 0)])
def test_an_ack_of_another_epoch_or_of_less_excuses_nothing(epoch: str, offset: int):
    world = World()
    number = world.commit("transaction.failed", reason="reached")
    world.take(world.row(number, "push", 0, T + 1), T + 1)
    world.phone(offset, T + 2)
    for line in world.found.devices:
        if line[0] == "ack":
            line[4] = epoch
    assert world.verdicts() == {"missed"}


def test_an_sms_that_is_taken_twice_is_doubled_unless_its_row_says_so():
    world = World()
    row = secured(world)[2]
    world.take(row, T + 20)
    row.lease, row.attempts = 2, []
    assert world.verdicts() == {"doubled"}
    row.duplicate = True
    assert world.verdicts() == set()


def test_a_push_may_be_repeated_while_nobody_knows_and_not_afterwards():
    world = World()
    row = secured(world)[0]
    world.take(row, T + 20)
    row.lease = 2
    assert world.verdicts() == {"doubled"}
    row.attempts = row.attempts[1:]
    assert world.verdicts() == set()


def test_more_calls_than_leases_are_unexplained():
    world = World()
    row = secured(world)[0]
    world.take(row, T + 20)
    row.attempts = []
    assert world.verdicts() == {"unexplained"}


@pytest.mark.parametrize("how", ["to", "user"])
def test_a_message_of_somebody_else(how: str):
    world = World()
    number = world.commit("security.pin_changed")
    for rung, channel in enumerate(("push", "email", "sms")):
        wrong = {} if channel == "email" else {"to": "+256700000002"}
        wrong = {"user": "2"} if how == "user" and channel == "push" else wrong
        world.take(world.row(number, channel, rung, T, required=True), T, **wrong)
    assert "wrong_user" in world.verdicts()


def test_what_is_sent_in_a_quiet_time_or_early_has_the_wrong_time():
    quiet = {"quiet": [{"days": 127, "start": "10:00", "end": "12:00"}]}
    world = World(plain=False)
    number = world.commit("payment.due")
    world.found.load.append(["changed", T - 60, 1, "wish", quiet])
    world.take(world.row(number, "push", 0, T), T)
    assert world.verdicts() == {"wrong_time"}
    world.found.load[-1] = ["changing", T - 60, 1, "wish", quiet]  # nobody knows if it holds
    assert world.verdicts() == set()
    world = World()
    number = world.commit("transaction.credit")
    world.take(world.row(number, "push", 0, T), T)  # a second before its time
    assert world.verdicts() == {"wrong_time"}


def test_what_is_switched_off_is_unwanted():
    off = {"cells": {"category:payment": {"push": False}}}
    world = World(plain=False)
    number = world.commit("payment.due")
    world.found.load.append(["changed", T - 1, 1, "wish", off])
    world.take(world.row(number, "push", 0, T), T)
    assert world.verdicts() == {"unwanted"}


@pytest.mark.parametrize("state", ["queued", "sending", "skipped"])
def test_a_row_that_does_not_say_what_happened_is_unexplained(state: str):
    world = World()
    secured(world)[0].state = state
    assert "unexplained" in world.verdicts()


def test_a_report_that_changes_the_state_back_is_unexplained():
    world = World()
    row = secured(world)[2]
    world.found.outside.append(["said", T + 9, "delivered", row.id])
    assert world.verdicts() == {"unexplained"}
    row.state = "delivered"
    assert world.verdicts() == set()


def test_two_open_digests_are_doubled():
    world = World()
    world.found.digests += [
        Digest(1, 1, "payment", "email", T, None), Digest(2, 1, "payment", "email", T + 5, None),
    ]  # fmt: skip
    assert world.verdicts() == {"doubled"}


def test_a_suppressed_number_that_is_called_again_is_needless():
    world = World()
    secured(world)
    asked = ["asked", T + 20, "twilio", SMS, ""]
    world.found.outside += [["refused", T + 1, "twilio", SMS, "21610"], asked]
    assert world.verdicts() == {"needless"}


def test_a_rung_is_late_after_its_time_or_after_the_healing():
    world = World()
    number = world.commit("transaction.failed", reason="reached")
    world.take(world.row(number, "push", 0, T + 6), T + 6)  # five seconds late
    world.phone(number, T + 7)
    verdict = Checker(world.found).run()
    assert verdict.p99 == pytest.approx(5)
    assert verdict.clean
    assert not verdict.in_time
    world.found.healed.append((T, T + 5))
    assert Checker(world.found).run().p99 == pytest.approx(1)


def test_each_verdict_has_a_sentence():
    assert all(VERDICTS.values())
