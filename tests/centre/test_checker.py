"""The checker, with histories made by hand: each verdict has one that it must name."""

from __future__ import annotations

import pytest

from tests.centre.evidence import Digest
from tests.centre.made_up import SMS, T, World, secured
from tests.centre.verdict import VERDICTS


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


def test_a_rung_that_a_ladder_left_out_is_missed_however_early_the_run_ends():
    world = World()
    number = world.commit("transaction.failed", reason="reached")
    world.take(world.row(number, "push", 0, T + 1), T + 1)
    world.found.ended = T + 10  # before the SMS was due
    assert world.verdicts() == {"missed"}
    world.found.ladders[number].closed = None
    world.found.ladders[number].due = T + 30
    assert world.verdicts() == set()


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
    world.found.load[-1] = ["changed", T - 60, 1, "wish", quiet]
    world.found.load.append(["changed", T - 0.5, 1, "wish", {"quiet": []}])  # it may be over
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


@pytest.mark.parametrize("state", ["skipped", "cancelled", "expired"])
def test_what_may_have_left_must_not_end_as_never_sent(state: str):
    world = World()
    row = secured(world)[0]
    row.attempts = [("unknown", T, T + 0.1)]
    row.state = "unresolved"
    assert world.verdicts() == set()
    row.state = state
    assert world.verdicts() == {"unexplained"}


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


def test_a_phone_has_it_from_when_it_was_told_so_wherever_its_socket_is():
    world = World()
    number = world.commit("transaction.failed", reason="reached")
    world.take(world.row(number, "push", 0, T + 1), T + 1)
    world.phone(number, T + 29.8)
    world.found.devices.append(["close", T + 29.9, "d0"])
    world.take(world.row(number, "sms", 1, T + 30), T + 30)
    assert world.verdicts() == {"needless"}


def test_each_verdict_has_a_sentence():
    assert all(VERDICTS.values())
