"""Decisions about whole ladders: examples, and a ladder's life."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from notifications.kinds.kind import CHANNELS
from notifications.policy.decide import decide
from notifications.policy.facts import ChannelState, Chosen, Close, Decision, Send, Sent, Wait
from tests.notifications.policy.support import (
    AT_NIGHT,
    DEBIT,
    KINDS,
    MORNING,
    NIGHT,
    POLICY,
    WELL,
    after,
    decided,
    ladder,
    phone,
    with_channel,
)

PUSH, SMS, EMAIL = range(3)
THERE = replace(WELL, devices=(phone(None, is_open=True, is_active=True),))


def sends(decision: Decision) -> list[int]:
    assert isinstance(decision, Send), decision
    return [rung.rung for rung in decision.rungs]


def sent(number: int, state: str = "accepted", reason: str = "") -> Sent:
    return Sent(rung=number, channel=DEBIT.ladder[number].channel, state=state, reason=reason)


def test_debit_waits_ten_seconds_for_somebody_who_is_there() -> None:
    found = decided(facts=THERE)
    assert isinstance(found, Wait)
    assert (found.until, found.rung, found.rule) == (after(seconds=10), PUSH, "due")
    assert sends(decided(facts=THERE, at=after(seconds=10))) == [PUSH]


def test_debit_that_was_seen_closes_with_the_evidence() -> None:
    found = decided(facts=replace(THERE, seen_at=after(seconds=2)), at=after(seconds=10))
    assert isinstance(found, Close)
    assert (found.reason, found.rule) == ("reached", "reached")
    assert found.evidence is not None
    assert (found.evidence.how, found.evidence.at) == ("seen", after(seconds=2))


def test_ladder_closes_early_once_no_rung_is_needed_any_more() -> None:
    facts = replace(WELL, devices=(phone(),), sent=(sent(PUSH),))
    found = decided(facts=facts, at=after(seconds=20), done=frozenset({PUSH}))
    assert isinstance(found, Close)
    assert found.reason == "reached"


def test_acknowledgement_of_a_phone_stops_the_sms_and_not_the_push() -> None:
    found = decided(facts=replace(WELL, devices=(phone(),)))
    assert sends(found) == [PUSH]
    assert isinstance(found, Send)
    assert isinstance(found.then, Close)
    assert found.then.reason == "reached"


def test_push_goes_then_the_sms_waits() -> None:
    found = decided()
    assert isinstance(found, Send)
    assert found.then == Wait(until=after(minutes=3), rung=SMS, rule="due")


def test_failed_push_makes_the_sms_due_at_once() -> None:
    facts = replace(WELL, sent=(sent(PUSH, "failed"),))
    found = decided(facts=facts, at=after(seconds=5), done=frozenset({PUSH}))
    assert sends(found) == [SMS]
    assert isinstance(found, Send)
    assert found.then == Close(reason="exhausted", rule="exhausted")


def test_missing_push_address_makes_the_sms_due_in_the_same_decision() -> None:
    found = decided(facts=with_channel(WELL, "push", addresses=()))
    assert sends(found) == [SMS]
    assert [(skip.rung, skip.rule) for skip in found.skips] == [
        (PUSH, "no_address"),
        (EMAIL, "not_chosen"),
    ]


def test_push_that_is_not_wanted_leaves_the_sms_its_time() -> None:
    found = decided(chosen=Chosen(cells={"all": {"push": False}}))
    assert isinstance(found, Wait)
    assert (found.until, found.rung) == (after(minutes=3), SMS)


def test_rung_past_one_that_is_not_wanted_is_still_due_at_once() -> None:
    facts = with_channel(WELL, "push", addresses=())
    chosen = Chosen(cells={"all": {"sms": False, "email": True}})
    kind = replace(
        DEBIT, ladder=(*DEBIT.ladder[:2], replace(DEBIT.ladder[2], after=timedelta(hours=1)))
    )
    assert sends(decided(kind, facts, chosen)) == [EMAIL]


def test_push_held_by_the_night_holds_back_no_required_email() -> None:
    kind = KINDS["kyc.rejected"]
    rest: dict[str, Any] = {"chosen": Chosen(quiet=AT_NIGHT)}
    at = NIGHT + timedelta(minutes=15)
    found = decide(ladder(kind, NIGHT), WELL, rest["chosen"], POLICY, at)
    assert sends(found) == [1]
    assert isinstance(found, Send)
    assert found.then == Wait(until=MORNING, rung=0, rule="quiet")


def test_ladder_without_any_address_is_unreachable() -> None:
    facts = replace(WELL, channels={channel: ChannelState() for channel in CHANNELS})
    found = decided(KINDS["security.pin_changed"], facts)
    assert isinstance(found, Close)
    assert found.reason == "unreachable"
    assert [skip.alarm for skip in found.skips] == [True] * 3


def test_ladder_that_came_to_nothing_is_unreachable_and_one_that_went_is_exhausted() -> None:
    kind = replace(DEBIT, ladder=DEBIT.ladder[:1])
    done = frozenset({PUSH})
    failed, went = (replace(WELL, sent=(sent(PUSH, state),)) for state in ("failed", "accepted"))
    assert decided(kind, failed, done=done) == Close(reason="unreachable", rule="exhausted")
    exhausted = Close(reason="exhausted", rule="exhausted")
    assert decided(kind, went, done=done) == exhausted
    # What is done without a delivery has joined a digest.
    assert decided(kind, done=done) == exhausted
    assert decided(facts=failed, done=frozenset({PUSH, SMS, EMAIL})) == exhausted


def test_nothing_is_waited_for_beyond_the_end() -> None:
    facts = replace(THERE, expires_at=after(seconds=4))
    found = decided(facts=facts)
    assert isinstance(found, Wait)
    assert found.until == after(seconds=4)
    assert decided(facts=facts, at=after(seconds=4)) == Close(reason="expired", rule="expired")


def test_user_who_may_not_log_in_is_told_nothing() -> None:
    found = decided(facts=replace(WELL, user_is_active=False))
    assert found == Close(reason="cancelled", rule="inactive")


def test_offers_never_escalate() -> None:
    chosen = Chosen(consents={(channel, "marketing"): True for channel in CHANNELS})
    facts = with_channel(WELL, "push", addresses=())
    found = decided(KINDS["marketing.general"], facts, chosen)
    assert sends(found) == [SMS, EMAIL]
