"""Any facts, against a model that asks each question of every rung and takes the first answer."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.kinds.kind import CHANNELS
from notifications.policy.facts import (
    AddressState,
    ChannelState,
    Chosen,
    Close,
    Facts,
    Go,
    Join,
    Policy,
    Send,
    Sent,
    Wait,
)
from tests.notifications.policy.model import Model
from tests.notifications.policy.support import (
    AT_NIGHT,
    EVENT,
    KINDS,
    NIGHT,
    NOON,
    after,
    decided,
    phone,
)

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
