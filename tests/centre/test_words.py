"""What owners of addresses and mail servers have said, as the checker understands it."""

from __future__ import annotations

import pytest

from tests.centre.made_up import EMAIL, SMS, T, World, secured


def test_a_stop_ends_optional_sms_until_a_start():
    world = World()
    number = world.commit("transaction.failed")
    world.take(world.row(number, "push", 0, T + 1), T + 1)
    world.take(world.row(number, "sms", 1, T + 30), T + 30)
    world.word("stop", SMS, T + 20)
    assert world.verdicts() == {"unwanted"}
    world.word("start", SMS, T + 25)
    assert world.verdicts() == set()


def test_a_stop_excuses_a_rung_and_does_not_end_what_is_required():
    world = World()
    number = world.commit("transaction.failed")
    world.word("stop", SMS, T - 5)
    world.take(world.row(number, "push", 0, T + 1), T + 1)
    world.row(number, "sms", 1, T + 30, state="skipped", reason="unsubscribed")
    assert world.verdicts() == set()
    world.word("start", SMS, T - 2)
    assert world.verdicts() == {"missed"}
    world = World()
    world.word("stop", SMS, T - 5)
    rows = secured(world)
    assert world.verdicts() == set()
    rows[2].state = "skipped"
    del world.found.outside[-1]
    assert world.verdicts() == {"missed"}


@pytest.mark.parametrize("word", ["bounced", "complained"])
def test_nothing_goes_to_an_address_that_came_back_or_complained(word: str):
    world = World()
    row = secured(world)[1]
    world.word(word, EMAIL, T - 5)
    assert world.verdicts() == {"needless"}
    row.state = "skipped"
    world.found.outside = [line for line in world.found.outside if line[3] != EMAIL]
    world.word(word, EMAIL, T - 5)
    assert world.verdicts() == set()


def test_an_email_that_came_back_says_so():
    world = World()
    row = secured(world)[1]
    world.word("bounced", EMAIL, T + 5, row.id)
    assert world.verdicts() == {"unexplained"}
    row.state = "bounced"
    assert world.verdicts() == set()
