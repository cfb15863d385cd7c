"""The rules of one rung, and the order in which they are asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from notifications.kinds.kind import Kind, Reach, Rung
from notifications.policy.decide import judge
from notifications.policy.facts import (
    AddressState,
    ChannelState,
    Chosen,
    Facts,
    Go,
    Hold,
    Join,
    Policy,
    Skip,
    Verdict,
)
from tests.notifications.policy.support import (
    AT_NIGHT,
    DEBIT,
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
OFFER = replace(KINDS["marketing.general"], per_day=2)
Change = Callable[[Facts, Chosen], tuple[Facts, Chosen]]


def verdict(
    kind: Kind = DEBIT,
    number: int = PUSH,
    facts: Facts = WELL,
    chosen: Chosen = NOBODY,
    policy: Policy = POLICY,
    at: Any = NOON,
) -> Verdict:
    return judge(number, ladder(kind, at), facts, chosen, policy, at)


def rule(*args: Any, **kwargs: Any) -> str:
    return verdict(*args, **kwargs).rule


# Everything speaks against it; each step takes away what has just decided.
STEPS: tuple[tuple[str, Change], ...] = (
    ("cancelled", lambda facts, chosen: (replace(facts, cancelled_at=None), chosen)),
    ("superseded", lambda facts, chosen: (replace(facts, superseded=False), chosen)),
    ("expired", lambda facts, chosen: (replace(facts, expires_at=None), chosen)),
    ("inactive", lambda facts, chosen: (replace(facts, user_is_active=True), chosen)),
    ("channel_off", lambda facts, chosen: (with_channel(facts, "push", configured=True), chosen)),
    ("channel_off", lambda facts, chosen: (with_channel(facts, "push", stopped=False), chosen)),
    (
        "no_address",
        lambda facts, chosen: (
            with_channel(
                facts,
                "push",
                addresses=(
                    AddressState(id=1, is_verified=False, suppressed="bounced", opted_out="stop"),
                ),
            ),
            chosen,
        ),
    ),
    (
        "unverified",
        lambda facts, chosen: (
            with_channel(
                facts,
                "push",
                addresses=(AddressState(id=1, suppressed="bounced", opted_out="stop"),),
            ),
            chosen,
        ),
    ),
    (
        "suppressed",
        lambda facts, chosen: (
            with_channel(facts, "push", addresses=(AddressState(id=1, opted_out="stop"),)),
            chosen,
        ),
    ),
    (
        "unsubscribed",
        lambda facts, chosen: (
            with_channel(facts, "push", addresses=(AddressState(id=1),)),
            chosen,
        ),
    ),
    (
        "no_consent",
        lambda facts, chosen: (facts, replace(chosen, consents={("push", "marketing"): True})),
    ),
    ("switched_off", lambda facts, chosen: (facts, replace(chosen, cells={}))),
    ("muted", lambda facts, chosen: (facts, replace(chosen, muted_until=None))),
    ("capped", lambda facts, chosen: (with_channel(facts, "push", sent=1), chosen)),
    ("quiet", lambda facts, chosen: (facts, replace(chosen, quiet=()))),
    ("reached", lambda facts, chosen: (replace(facts, seen_at=None), chosen)),
)


def test_first_rule_that_says_something_decides() -> None:
    kind = replace(OFFER, ladder=(Rung(channel="push", unless=Reach.SEEN),))
    facts = Facts(
        channels={"push": ChannelState(configured=False, stopped=True, sent=2)},
        cancelled_at=NIGHT,
        superseded=True,
        expires_at=NIGHT,
        user_is_active=False,
        seen_at=NIGHT,
    )
    chosen = Chosen(
        cells={"all": {"push": False}}, muted_until=NIGHT + timedelta(hours=1), quiet=AT_NIGHT
    )
    for expected, take_away in STEPS:
        assert rule(kind, PUSH, facts, chosen, at=NIGHT) == expected
        facts, chosen = take_away(facts, chosen)
    found = verdict(kind, PUSH, facts, chosen, at=NIGHT)
    assert found == Go(rung=0, channel="push", rule="due", addresses=(1,), unless=Reach.SEEN)


def test_required_skips_wishes_caps_and_quiet_times_but_not_its_condition() -> None:
    kind = KINDS["security.new_device"]
    rungs = {rung.channel: number for number, rung in enumerate(kind.ladder)}
    facts = with_channel(WELL, "sms", sent=99, addresses=(AddressState(id=5, opted_out="stop"),))
    chosen = Chosen(
        cells={"all": {"sms": False}},
        quiet=AT_NIGHT,
        consents={("sms", ""): False},
        muted_until=NIGHT + timedelta(days=1),
    )
    policy = replace(POLICY, per_day={"sms": 1})
    found = verdict(kind, rungs["sms"], facts, chosen, policy, at=NIGHT)
    assert found == Go(
        rung=rungs["sms"],
        channel="sms",
        rule="required",
        addresses=(5,),
        required=True,
        unless=Reach.ON_DEVICE,
    )
    facts = replace(facts, devices=(phone(),))
    assert rule(kind, rungs["sms"], facts, chosen, policy, at=NIGHT) == "reached"
    assert rule(kind, rungs["push"], facts, chosen, policy, at=NIGHT) == "required"


def test_suppression_beats_required_and_raises_an_alarm() -> None:
    kind = KINDS["security.pin_changed"]
    facts = with_channel(WELL, "sms", addresses=(AddressState(id=5, suppressed="bounced"),))
    found = verdict(kind, [rung.channel for rung in kind.ladder].index("sms"), facts)
    assert isinstance(found, Skip)
    assert (found.rule, found.reason, found.alarm) == ("suppressed", "suppressed(bounced)", True)
    assert found.required


def test_channel_that_is_off_alarms_only_where_it_is_required() -> None:
    facts = with_channel(WELL, "push", stopped=True)
    for name, alarm in (("security.new_device", True), ("transaction.debit", False)):
        found = verdict(KINDS[name], PUSH, facts)
        assert isinstance(found, Skip)
        assert found.alarm is alarm


def test_push_goes_to_all_addresses_and_the_others_to_the_first_that_may_be_used() -> None:
    addresses = (
        AddressState(id=1, is_verified=False),
        AddressState(id=2),
        AddressState(id=3),
        AddressState(id=4, former=True),
    )
    for number, channel, expected in ((PUSH, "push", (2, 3)), (SMS, "sms", (2,))):
        found = verdict(DEBIT, number, with_channel(WELL, channel, addresses=addresses))
        assert isinstance(found, Go)
        assert found.addresses == expected


def test_former_address_gets_the_notice_that_it_was_replaced() -> None:
    kind = KINDS["security.address_changed"]
    addresses = (AddressState(id=2), AddressState(id=4, former=True))
    number = [rung.channel for rung in kind.ladder].index("sms")
    found = verdict(kind, number, with_channel(WELL, "sms", addresses=addresses))
    assert isinstance(found, Go)
    assert found.addresses == (2, 4)


def test_opted_out_address_gets_nothing_that_is_optional() -> None:
    addresses = (AddressState(id=2, opted_out="unsubscribed"), AddressState(id=3))
    found = verdict(DEBIT, SMS, with_channel(WELL, "sms", addresses=addresses))
    assert isinstance(found, Go)
    assert found.addresses == (3,)


@pytest.mark.parametrize(
    ("amount", "currency", "above"),
    [
        ("999999", "UGX", False),
        ("1000000", "UGX", True),
        ("1000001", "UGX", True),
        ("5000000", "KES", False),
        (None, "", False),
    ],
)
def test_debit_above_the_users_amount_always_goes_by_sms(
    amount: str | None, currency: str, above: bool
) -> None:
    facts = replace(
        WELL,
        amount=None if amount is None else Decimal(amount),
        currency=currency,
        devices=(phone(),),
    )
    chosen = Chosen(
        sms_above=Decimal(1_000_000),
        sms_above_currency="UGX",
        cells={"all": {"sms": False}},
        quiet=AT_NIGHT,
    )
    assert rule(DEBIT, SMS, facts, chosen, at=NIGHT) == ("required" if above else "switched_off")
    # Quiet times spare the whole of such a debit.
    away = replace(facts, devices=())
    assert rule(DEBIT, PUSH, away, chosen, at=NIGHT) == ("due" if above else "quiet")
    credit = KINDS["transaction.credit"]
    assert rule(credit, PUSH, away, chosen, at=NIGHT) == "quiet"


def test_quiet_time_holds_until_it_ends_in_the_zone_of_the_user() -> None:
    chosen = Chosen(quiet=AT_NIGHT)
    found = verdict(DEBIT, PUSH, WELL, chosen, at=NIGHT)
    assert found == Hold(rung=PUSH, channel="push", rule="quiet", until=MORNING)
    assert rule(DEBIT, PUSH, WELL, chosen, at=MORNING) == "due"
    west = replace(chosen, zone="Europe/London")  # it is 20:00 there
    assert rule(DEBIT, PUSH, WELL, west, at=NIGHT) == "due"
    assert rule(DEBIT, PUSH, replace(WELL, country="GB"), chosen, at=NIGHT) == "due"


@pytest.mark.parametrize("name", ["transaction.failed", "transaction.late", "transaction.reversed"])
def test_what_went_wrong_spares_nobodys_night(name: str) -> None:
    assert rule(KINDS[name], PUSH, WELL, Chosen(quiet=AT_NIGHT), at=NIGHT) == "due"


def test_no_offers_by_sms_at_night_even_without_quiet_times() -> None:
    chosen = Chosen(consents={("sms", "marketing"): True, ("email", "marketing"): True})
    found = verdict(OFFER, SMS, WELL, chosen, at=NIGHT)
    assert found == Hold(rung=SMS, channel="sms", rule="hours", until=MORNING + timedelta(hours=1))
    assert rule(OFFER, SMS, WELL, chosen, at=NOON) == "due"
    assert rule(OFFER, EMAIL, WELL, chosen, at=NIGHT) == "due"


def test_cap_puts_into_the_digest_what_may_wait_and_skips_the_rest() -> None:
    policy = replace(POLICY, per_day={"push": 3, "sms": 1})
    full = with_channel(with_channel(WELL, "push", sent=3), "sms", sent=1)
    assert rule(DEBIT, PUSH, with_channel(WELL, "push", sent=2), policy=policy) == "due"
    capped = verdict(DEBIT, PUSH, full, policy=policy)
    assert isinstance(capped, Skip)
    assert capped.rule == "capped"
    credit = KINDS["transaction.credit"]
    assert verdict(credit, PUSH, full, policy=policy) == Join(
        rung=PUSH, channel="push", rule="capped"
    )
    wanted = Chosen(cells={"all": {"sms": True}})
    assert isinstance(verdict(credit, SMS, full, wanted, policy), Skip)  # no digest by SMS


def test_lower_of_the_kinds_and_the_deployments_cap_holds() -> None:
    chosen = Chosen(consents={("push", "marketing"): True})
    for sent, per_day, expected in ((1, {}, "due"), (2, {}, "capped"), (1, {"push": 1}, "capped")):
        facts = with_channel(WELL, "push", sent=sent)
        policy = replace(POLICY, per_day=per_day)
        assert rule(OFFER, PUSH, facts, chosen, policy) == expected


def test_digest_by_the_kind_and_by_choice() -> None:
    savings = KINDS["savings.general"]
    assert verdict(savings, 1) == Join(rung=1, channel="email", rule="digest", cadence="daily")
    weekly = Chosen(digests={"savings": "weekly"}, quiet=AT_NIGHT)
    found = verdict(savings, 1, chosen=weekly, at=NIGHT)
    assert found == Join(rung=1, channel="email", rule="digest", cadence="weekly")
    assert rule(savings, 1, replace(WELL, seen_at=NOON)) == "reached"
    kind = replace(savings, ladder=(Rung(channel="email"),))
    assert rule(kind, 0) == "due"
    assert rule(kind, 0, chosen=weekly) == "digest"


def test_no_volley_at_the_end_of_a_quiet_time() -> None:
    for held, expected in ((2, "due"), (3, "volley")):
        facts = replace(WELL, held=held)
        assert rule(KINDS["savings.general"], PUSH, facts) == expected
        assert rule(DEBIT, PUSH, facts) == "due"  # it is not to wait any longer


def test_what_is_off_by_default_is_worth_no_row() -> None:
    found = verdict(DEBIT, EMAIL)
    assert isinstance(found, Skip)
    assert (found.rule, found.stored) == ("not_chosen", False)
    switched_off = verdict(DEBIT, EMAIL, chosen=Chosen(cells={"all": {"email": False}}))
    assert isinstance(switched_off, Skip)
    assert switched_off.stored


def test_reached_says_how() -> None:
    facts = replace(WELL, devices=(phone(acked=791),))
    found = verdict(DEBIT, SMS, facts, at=NOON)
    assert isinstance(found, Skip)
    assert found.reason == "reached(acked)"
    assert found.evidence is not None
    assert (found.evidence.device, found.evidence.at) == ("phone-1", NOON)


def test_rung_of_a_notification_that_is_over_is_skipped() -> None:
    found = judge(PUSH, ladder(), WELL, NOBODY, POLICY, after(days=1))
    assert isinstance(found, Skip)
    assert found.rule == "expired"
