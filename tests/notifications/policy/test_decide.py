"""Decisions about whole ladders: examples, a ladder's life, and any facts against a slow model."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from notifications.kinds.kind import CHANNELS, Kind, Reach
from notifications.policy.decide import decide
from notifications.policy.facts import (
    AddressState,
    ChannelState,
    Chosen,
    Close,
    Decision,
    Facts,
    Go,
    Join,
    Policy,
    Send,
    Sent,
    Wait,
)
from tests.notifications.policy.support import (
    AT_NIGHT,
    DEBIT,
    EVENT,
    KINDS,
    MORNING,
    NIGHT,
    NOBODY,
    NOON,
    POLICY,
    WELL,
    after,
    ladder,
    phone,
    with_channel,
)

PUSH, SMS, EMAIL = range(3)
THERE = replace(WELL, devices=(phone(None, is_open=True, is_active=True),))


def decided(
    kind: Kind = DEBIT,
    facts: Facts = WELL,
    chosen: Chosen = NOBODY,
    at: datetime = NOON,
    policy: Policy = POLICY,
    **rest: Any,
) -> Decision:
    return decide(ladder(kind, **rest), facts, chosen, policy, at)


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


# Any facts, against a model that asks each question of every rung and then takes the first answer.

TIMES = st.sampled_from([NOON, after(seconds=5), after(seconds=10), after(minutes=3), NIGHT])
ADDRESSES = st.lists(
    st.builds(
        AddressState,
        id=st.integers(1, 3),
        is_verified=st.booleans(),
        suppressed=st.sampled_from(["", "bounced"]),
        opted_out=st.sampled_from(["", "stop"]),
    ),
    max_size=2,
).map(tuple)
CHANNEL_STATES = st.builds(
    ChannelState,
    configured=st.sampled_from([True, True, True, False]),
    stopped=st.sampled_from([False, False, False, True]),
    addresses=ADDRESSES,
    sent=st.integers(0, 2),
)
SENT = st.builds(
    Sent,
    rung=st.integers(0, 2),
    channel=st.just("push"),
    state=st.sampled_from(["queued", "accepted", "failed", "skipped"]),
    reason=st.sampled_from(["", "no_address", "switched_off"]),
)
FACTS = st.builds(
    Facts,
    channels=st.fixed_dictionaries(dict.fromkeys(CHANNELS, CHANNEL_STATES)),
    devices=st.sampled_from(
        [(), (phone(),), (phone(EVENT - 1, is_open=True, is_active=True),), (phone(is_open=True),)]
    ),
    sent=st.lists(SENT, max_size=3).map(tuple),
    seen_at=st.sampled_from([None, None, NOON]),
    cancelled_at=st.sampled_from([None, None, None, NOON]),
    superseded=st.sampled_from([False, False, False, True]),
    expires_at=st.sampled_from([None, None, after(hours=20)]),
    user_is_active=st.sampled_from([True, True, True, False]),
    last_socket_at=st.sampled_from([None, NOON]),
    amount=st.sampled_from([None, Decimal(5)]),
    currency=st.just("UGX"),
    held=st.sampled_from([0, 3]),
)
SWITCHES = st.dictionaries(st.sampled_from(CHANNELS), st.booleans())
CHOSEN = st.builds(
    Chosen,
    cells=st.dictionaries(
        st.sampled_from(["all", "category:transaction", "kind:transaction.debit"]), SWITCHES
    ),
    quiet=st.sampled_from([(), AT_NIGHT]),
    digests=st.sampled_from([{}, {"transaction": "weekly"}, {"savings": "daily"}]),
    muted_until=st.sampled_from([None, None, after(hours=2)]),
    sms_above=st.sampled_from([None, Decimal(5), Decimal(6)]),
    sms_above_currency=st.just("UGX"),
    consents=st.dictionaries(
        st.tuples(st.sampled_from(CHANNELS), st.sampled_from(["", "marketing", "transaction"])),
        st.booleans(),
    ),
)
POLICIES = st.builds(
    Policy,
    per_day=st.sampled_from([{}, {"push": 1, "sms": 1}]),
    time_scale=st.sampled_from([1.0, 10.0]),
)


class Model:
    """What a decision must say, found the long way."""

    def __init__(
        self, kind: Kind, facts: Facts, chosen: Chosen, policy: Policy, now: datetime, done: Any
    ) -> None:
        self.kind, self.facts, self.chosen = kind, facts, chosen
        self.policy, self.now, self.done = policy, now, done
        watched = any(rung.required_above for rung in kind.ladder)
        limit = chosen.sms_above
        amount = facts.amount
        self.above = watched and limit is not None and amount is not None and amount >= limit
        self.is_there = any(device.is_active for device in facts.devices)
        self.reach = max(
            [
                Reach.NONE,
                *[Reach.SEEN for _ in [facts.seen_at] if facts.seen_at],
                *[Reach.ON_DEVICE for device in facts.devices if (device.acked or 0) >= EVENT],
            ]
        )
        self.end = min(
            [NOON + kind.lives_for, *([facts.expires_at] if facts.expires_at is not None else [])]
        )

    def over(self) -> str:
        answers = {
            "cancelled": self.facts.cancelled_at is not None,
            "superseded": self.facts.superseded,
            "expired": self.now >= self.end,
            "inactive": not self.facts.user_is_active,
        }
        return next((name for name, holds in answers.items() if holds), "")

    def unless(self, number: int) -> Reach | None:
        rung = self.kind.ladder[number]
        return None if rung.required_above and self.above else rung.unless

    def needless(self, number: int) -> bool:
        unless = self.unless(number)
        return unless is not None and self.reach >= unless

    def answer(self, number: int) -> str:
        """Return the name of the first rule that speaks against a rung; "go" if none does."""
        rung = self.kind.ladder[number]
        state = self.facts.channels[rung.channel]
        required = rung.required or (rung.required_above and self.above)
        verified = [each for each in state.addresses if each.is_verified]
        usable = [each for each in verified if not each.suppressed]
        wish = None
        for scope in ("all", f"category:{self.kind.category}", f"kind:{self.kind.name}"):
            wish = self.chosen.cells.get(scope, {}).get(rung.channel, wish)
        muted = self.chosen.muted_until is not None and self.chosen.muted_until > self.now
        everything = self.chosen.consents.get((rung.channel, ""))
        own = self.chosen.consents.get((rung.channel, self.kind.category))
        local_hour = (self.now.hour + 3) % 24  # Kampala
        limits = [
            limit
            for limit in (self.kind.per_day, self.policy.per_day.get(rung.channel))
            if limit is not None
        ]
        waits = self.kind.digestible and rung.channel != "sms"
        capped = not self.kind.ignores_caps and bool(limits) and state.sent >= min(limits)
        night = local_hour >= 22 or local_hour < 7
        spared = self.kind.ignores_quiet_hours or self.above or rung.digest
        late = local_hour >= 20 or local_hour < 8
        by_choice = rung.channel == "email" and self.kind.category in self.chosen.digests
        optional = {
            "unsubscribed": False in (everything, own) or all(each.opted_out for each in usable),
            "no_consent": self.kind.opt_in and own is not True,
            "switched_off": wish is False,
            "muted": wish is None and muted,
            "not_chosen": wish is None and not rung.chosen,
            "join capped": capped and waits,
            "capped": capped,
            "hold quiet": bool(self.chosen.quiet) and night and not spared,
            "hold hours": rung.hours is not None and late and not spared,
            "reached": self.needless(number),
            "join digest": rung.digest or (self.kind.digestible and by_choice),
            "join volley": self.facts.held >= 3 and waits,
        }
        answers = {
            "channel_off": state.stopped or not state.configured,
            "no_address": not state.addresses,
            "unverified": not verified,
            "suppressed": not usable,
            **({"reached": self.needless(number)} if required else optional),
        }
        return next((name for name, holds in answers.items() if holds), "go")

    def due(self, number: int, at_once: bool) -> datetime:
        rung = self.kind.ladder[number]
        required = rung.required or (rung.required_above and self.above)
        no_app = not self.facts.channels["push"].addresses and self.facts.last_socket_at is None
        hurry = at_once or (no_app and required and rung.channel == "sms")
        times = [NOON + rung.after / self.policy.time_scale]
        if rung.at_once_if_away and not self.is_there:
            times.append(NOON)
        if hurry and (rung.unless is None or not self.is_there):
            times.append(NOON)
        if hurry:
            times.append(NOON + timedelta(seconds=10) / self.policy.time_scale)
        return min(times)

    def answers(self) -> dict[int, str]:
        """Return the answer for each open rung; "hold due" for one that is not due."""
        nobody = {"channel_off", "no_address", "unverified", "suppressed"}
        found: dict[int, str] = {}
        at_once = False
        for number in range(len(self.kind.ladder)):
            if number in self.done:
                rows = [each for each in self.facts.sent if each.rung == number]
                called = [each for each in rows if each.state != "skipped"]
                if called:
                    at_once = all(each.state == "failed" for each in called)
                elif any(each.reason in nobody for each in rows):
                    at_once = True
                continue
            is_due = self.due(number, at_once) <= self.now
            found[number] = self.answer(number) if is_due else "hold due"
            if found[number] in nobody:
                at_once = True
            elif found[number] == "go" or found[number].startswith(("join", "hold")):
                at_once = False
        return found


@settings(max_examples=300)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    facts=FACTS,
    chosen=CHOSEN,
    policy=POLICIES,
    now=TIMES,
    done=st.sets(st.integers(0, 2)),
)
def test_any_facts_are_decided_as_the_model_says(
    kind: str, facts: Facts, chosen: Chosen, policy: Policy, now: datetime, done: set[int]
) -> None:
    done = {number for number in done if number < len(KINDS[kind].ladder)}
    model = Model(KINDS[kind], facts, chosen, policy, now, done)
    found = decided(KINDS[kind], facts, chosen, now, policy, done=frozenset(done))
    if over := model.over():
        assert isinstance(found, Close)
        assert found.rule == over
        return
    answers = model.answers()
    said: dict[int, str] = {skip.rung: skip.rule for skip in found.skips}
    if isinstance(found, Send):
        for rung in found.rungs:
            said[rung.rung] = f"join {rung.rule}" if isinstance(rung, Join) else "go"
            if isinstance(rung, Go):
                assert rung.unless == model.unless(rung.rung)
    assert said == {n: name for n, name in answers.items() if not name.startswith("hold")}
    waits = [n for n, name in answers.items() if name.startswith("hold") and not model.needless(n)]
    then = found.then if isinstance(found, Send) else found
    if not waits:
        assert isinstance(then, Close)
        is_reached = any(name == "reached" or name.startswith("hold") for name in answers.values())
        assert (then.reason == "reached") == is_reached
        return
    assert isinstance(then, Wait)
    assert now < then.until <= model.end
    assert then.rung in waits
    assert answers[then.rung] == f"hold {then.rule}"
    if then.rule == "due":
        assert then.until <= NOON + KINDS[kind].ladder[then.rung].after


@settings(max_examples=100)
@given(kind=st.sampled_from(sorted(KINDS)), facts=FACTS, chosen=CHOSEN, policy=POLICIES)
def test_any_ladder_ends_and_sends_each_rung_at_most_once(
    kind: str, facts: Facts, chosen: Chosen, policy: Policy
) -> None:
    now, done = NOON, set[int]()
    for _ in range(12):
        found = decided(KINDS[kind], facts, chosen, now, policy, done=frozenset(done))
        going = [rung.rung for rung in found.rungs] if isinstance(found, Send) else []
        assert not done.intersection(going)
        done.update(going, (skip.rung for skip in found.skips if skip.stored))
        then = found.then if isinstance(found, Send) else found
        if isinstance(then, Close):
            return
        assert then.until > now
        now = then.until
    raise AssertionError("the ladder did not end")
