"""Decisions, rule by rule, and the reports of what went wrong elsewhere."""

from __future__ import annotations

import typing
from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.facts import Effect, Payment, Rule
from hoardrun.payments.judge import judge
from hoardrun.payments.states import FINAL, LIVE, State
from tests.hoardrun.payments.support import ID, OVER, SENT, in_turn, paid, payment, said

CREATED, SUBMITTED, UNKNOWN = State.CREATED, State.SUBMITTED, State.UNKNOWN
ACCEPTED = said(Claim.ACCEPTED, Source.ACK)
WAITING = said(Claim.WAITING)
LONG_AFTER = OVER + timedelta(minutes=10)
BUSY = said(Claim.UNKNOWN, reason="busy", raw_code="500.001.1001")
REFUSED = said(Claim.NOT_PAID, Source.ACK, "request", retry_safe=True)
NOT_FOUND = said(Claim.UNKNOWN, reason="not_found", raw_code="404")
NOT_PROMPTED = said(Claim.UNKNOWN, reason="not_prompted", raw_code="1025")
SUCCEEDED = payment(State.SUCCEEDED, settled_by=Source.QUERY, provider_txn_id="1432942836")
FAILED = payment(State.FAILED, settled_by=Source.QUERY)
EXPIRED = payment(State.EXPIRED, settled_by=Source.QUERY)
LATE = payment(
    State.EXPIRED, settled_by=Source.QUERY, booked_late=True, provider_txn_id="1432942836"
)
REVERSED = said(Claim.REVERSED)
STAFF_YES = said(Claim.PAID, Source.STAFF)
STAFF_NO = said(Claim.NOT_PAID, Source.STAFF, "rejected")

# The rule, the payment before, what is said, the states it goes through, the effects.
RULES: list[tuple[Rule, Payment, Evidence, str, str]] = [
    ("accepted", payment(), ACCEPTED, "submitted", ""),
    ("accepted", payment(State.AWAITING_PIN), ACCEPTED, "", ""),
    ("waiting", payment(), WAITING, "submitted awaiting_pin", ""),
    ("waiting", payment(UNKNOWN), WAITING, "awaiting_pin", ""),
    ("waiting", payment(State.CONFIRMING), WAITING, "", ""),
    ("paid", payment(), paid(), "submitted succeeded", "complete"),
    ("paid", payment(UNKNOWN), paid(Source.STATEMENT), "succeeded", "complete"),
    ("paid", payment(UNKNOWN), STAFF_YES, "succeeded", "complete"),
    ("not_paid", payment(), REFUSED, "failed", "fail"),
    ("not_paid", payment(), STAFF_NO, "failed", "fail"),
    ("not_paid", payment(), said(Claim.NOT_PAID), "submitted failed", "fail"),
    ("not_paid", payment(UNKNOWN), said(Claim.NOT_PAID, reason="cancelled"), "cancelled", "cancel"),
    ("not_paid", payment(UNKNOWN), said(Claim.NOT_PAID, reason="expired"), "expired", "expire"),
    ("mismatch", payment(SUBMITTED), paid(amount=Decimal(1)), "held", "hold_for_staff"),
    ("reversed_unseen", payment(SUBMITTED), REVERSED, "held", "hold_for_staff"),
    ("hint", payment(), paid(Source.CALLBACK), "submitted confirming", ""),
    ("hint", payment(SUBMITTED), said(Claim.NOT_PAID, Source.CALLBACK), "confirming", ""),
    ("hint", payment(), said(Claim.WAITING, Source.CALLBACK), "submitted", ""),
    ("hint", payment(State.AWAITING_PIN), REFUSED, "confirming", ""),
    ("hint", payment(hint=paid(Source.CALLBACK)), REFUSED, "submitted confirming", ""),
    ("unknown", payment(), said(Claim.UNKNOWN, Source.ACK, "timeout"), "submitted unknown", ""),
    ("unknown", payment(State.CONFIRMING), said(Claim.UNKNOWN), "unknown", ""),
    ("unknown", payment(SUBMITTED, acknowledged=True), NOT_FOUND, "unknown", ""),
    ("unknown", payment(SUBMITTED), NOT_PROMPTED, "unknown", ""),
    ("no_answer", payment(), BUSY, "submitted", ""),
    ("no_answer", payment(State.AWAITING_PIN), BUSY, "", ""),
    ("not_found", payment(UNKNOWN), NOT_FOUND, "", ""),
    (
        "never_prompted",
        payment(UNKNOWN, last_code="1025", repeats=1),
        NOT_PROMPTED,
        "failed",
        "fail",
    ),
    ("held", payment(State.HELD), paid(), "", ""),
    ("held", payment(State.HELD), REVERSED, "", "hold_for_staff"),
    ("held", payment(State.HELD), said(Claim.REVERSED, Source.CALLBACK), "", ""),
    ("staff", payment(State.HELD), STAFF_YES, "succeeded", "complete"),
    ("staff", payment(State.HELD), STAFF_NO, "failed", "fail"),
    ("held", payment(State.HELD), said(Claim.WAITING, Source.STAFF), "", ""),
    ("settled", SUCCEEDED, WAITING, "", ""),
    ("settled", FAILED, said(Claim.NOT_PAID), "", ""),
    ("settled", FAILED, REVERSED, "", ""),
    ("settled", payment(State.REVERSED), REVERSED, "", ""),
    ("settled", payment(State.REVERSED), said(Claim.NOT_PAID), "", ""),
    ("duplicate", SUCCEEDED, paid(), "", ""),
    ("duplicate", SUCCEEDED, paid(Source.CALLBACK), "", ""),
    ("duplicate", LATE, paid(), "", ""),
    ("receipt", payment(State.SUCCEEDED, settled_by=Source.QUERY), paid(Source.CALLBACK), "", ""),
    ("second_receipt", SUCCEEDED, paid(provider_txn_id="2"), "", "hold_for_staff"),
    ("second_receipt", LATE, paid(provider_txn_id="2"), "", "hold_for_staff"),
    ("hint", SUCCEEDED, paid(Source.CALLBACK, provider_txn_id="2"), "", ""),
    ("other_figures", SUCCEEDED, paid(amount=Decimal(1)), "", "hold_for_staff"),
    (
        "duplicate",
        payment(State.SUCCEEDED, settled_by=Source.STAFF, provider_txn_id="1432942836"),
        paid(amount=Decimal(1)),
        "",
        "",
    ),
    ("paid_stands", SUCCEEDED, said(Claim.NOT_PAID), "", ""),
    ("hint", SUCCEEDED, said(Claim.NOT_PAID, Source.CALLBACK), "", ""),
    (
        "contradiction",
        payment(State.SUCCEEDED, settled_by=Source.SIGNED_CALLBACK),
        said(Claim.NOT_PAID),
        "",
        "hold_for_staff",
    ),
    ("reversed", SUCCEEDED, REVERSED, "reversed", "reverse"),
    ("reversed", SUCCEEDED, replace(REVERSED, amount=Decimal(5000)), "reversed", "reverse"),
    ("other_figures", SUCCEEDED, replace(REVERSED, amount=Decimal(1)), "", "hold_for_staff"),
    ("hint", SUCCEEDED, said(Claim.REVERSED, Source.CALLBACK), "", ""),
    ("late_hint", FAILED, paid(Source.CALLBACK), "", ""),
    ("late_success", EXPIRED, paid(), "", "late_success"),
    ("late_success", EXPIRED, paid(Source.STATEMENT), "", "late_success"),
    ("late_success", payment(State.FAILED, settled_by=Source.ACK), paid(), "", "late_success"),
    ("late_success", FAILED, STAFF_YES, "", "late_success"),
    ("late_mismatch", EXPIRED, paid(currency="KES"), "", "hold_for_staff"),
    ("contradiction", FAILED, paid(), "", "hold_for_staff"),
    ("contradiction", FAILED, paid(Source.STATEMENT), "", "hold_for_staff"),
    ("late_reversed", LATE, REVERSED, "", "hold_for_staff"),
]


@pytest.mark.parametrize(("rule", "before", "evidence", "path", "effects"), RULES)
def test_each_rule_decides(rule, before, evidence, path, effects):
    decision = judge(before, evidence, SENT)
    assert decision.rule == rule
    assert decision.path == tuple(path.split())
    assert decision.effects == tuple(effects.split())


def test_the_rules_are_all_there_are():
    by_time = {"never_taken", "overdue"}  # below
    assert {row[0] for row in RULES} | by_time == set(typing.get_args(Rule))


def test_a_callback_makes_us_look_now():
    for claim in set(Claim) - {Claim.ACCEPTED}:
        for state in LIVE:
            assert judge(payment(state), said(claim, Source.CALLBACK), SENT).look_at == SENT
    assert judge(FAILED, paid(Source.CALLBACK), SENT).look_at == SENT
    assert judge(payment(), WAITING, SENT).look_at is None


def test_a_signed_callback_completes_only_where_signatures_are_believed():
    signed = paid(Source.SIGNED_CALLBACK)
    assert judge(payment(SUBMITTED), signed, SENT).path == (State.CONFIRMING,)
    believing = payment(SUBMITTED, confirm_callbacks=False)
    assert judge(believing, signed, SENT).path == (State.SUCCEEDED,)
    assert judge(believing, paid(Source.CALLBACK), SENT).path == (State.CONFIRMING,)


def test_a_prompt_that_is_over_is_waited_for_as_unknown():
    before, past = OVER + timedelta(seconds=30), OVER + timedelta(seconds=31)
    assert judge(payment(State.AWAITING_PIN), WAITING, before).path == ()
    decision = judge(payment(State.AWAITING_PIN), WAITING, past)
    assert (decision.rule, decision.path) == ("overdue", (UNKNOWN,))
    assert judge(payment(State.AWAITING_PIN), BUSY, past).path == (UNKNOWN,)


def test_a_payout_waits_for_nobodys_pin():
    payout = payment(expires_at=None)
    assert judge(payout, WAITING, SENT).path == (SUBMITTED,)
    assert judge(replace(payout, state=SUBMITTED), BUSY, SENT).rule == "no_answer"
    past = SENT + timedelta(minutes=3)
    assert judge(replace(payout, state=SUBMITTED), WAITING, past).path == (UNKNOWN,)


def test_what_the_provider_has_never_heard_of_fails_after_five_minutes():
    arrives_at = SENT + timedelta(minutes=5)
    early = judge(payment(UNKNOWN), NOT_FOUND, arrives_at - timedelta(seconds=1))
    assert (early.path, early.look_at) == ((), arrives_at)
    decision = judge(payment(CREATED), NOT_FOUND, arrives_at)
    assert (decision.rule, decision.path) == ("never_taken", (State.FAILED,))
    assert (decision.reason, decision.retry_safe) == ("not_taken", True)


@pytest.mark.parametrize(
    "known", [{"acknowledged": True}, {"hint": paid(Source.CALLBACK)}, {"provider_txn_id": "1"}]
)
def test_what_the_provider_has_had_does_not_fail_by_not_being_found(known):
    assert judge(payment(UNKNOWN, **known), NOT_FOUND, LONG_AFTER).rule == "unknown"


@pytest.mark.parametrize(
    ("first", "rule"),
    [
        (ACCEPTED, "unknown"),
        (WAITING, "unknown"),
        (said(Claim.WAITING, Source.CALLBACK), "unknown"),
        (said(Claim.NOT_PAID, Source.CALLBACK), "unknown"),
        (said(Claim.UNKNOWN, Source.ACK, "timeout"), "never_taken"),
        (BUSY, "never_taken"),
    ],
)
def test_whatever_a_provider_says_of_a_payment_shows_that_it_has_it(first, rule):
    begun, _ = in_turn(payment(), first)
    assert judge(begun, NOT_FOUND, LONG_AFTER).rule == rule


def test_a_prompt_that_cannot_be_sent_fails_when_two_looks_in_a_row_say_so():
    other = said(Claim.UNKNOWN, reason="not_prompted", raw_code="9999")
    end, made = in_turn(payment(SUBMITTED), NOT_PROMPTED, other, NOT_PROMPTED, BUSY, NOT_PROMPTED)
    assert [each.rule for each in made] == ["unknown"] * 3 + ["no_answer", "unknown"]
    end, made = in_turn(end, NOT_PROMPTED)
    assert (end.state, made[0].retry_safe) == (State.FAILED, False)


def test_a_payment_that_a_callback_calls_paid_does_not_fail_for_want_of_a_prompt():
    begin = payment(SUBMITTED, hint=paid(Source.CALLBACK))
    end, _ = in_turn(begin, *[NOT_PROMPTED] * 5)
    assert end.state is UNKNOWN


def test_a_receipt_that_only_the_callback_has_is_kept_for_the_look():
    callback = paid(Source.CALLBACK, amount=Decimal("5000.00"), provider_txn_id="RLA0R69NXM")
    look = said(Claim.PAID, provider_request_id="ws_CO_1")
    end, made = in_turn(payment(SUBMITTED), callback, look)
    assert (end.state, made[1].provider_txn_id) == (State.SUCCEEDED, "RLA0R69NXM")


def test_an_amount_that_only_the_callback_has_holds_the_payment():
    end, made = in_turn(payment(SUBMITTED), paid(Source.CALLBACK, amount=Decimal(1)), STK_PAID)
    assert (end.state, made[1].reason) == (State.HELD, "amount")
    # A look that tells the amount knows better.
    end, _ = in_turn(payment(SUBMITTED), paid(Source.CALLBACK, amount=Decimal(1)), paid())
    assert end.state is State.SUCCEEDED


STK_PAID = said(Claim.PAID)


def test_what_staff_have_rejected_does_not_come_back_but_other_money_does():
    little = paid(amount=Decimal(1))
    end, made = in_turn(payment(SUBMITTED), little, STAFF_NO, little, paid(provider_txn_id="2"))
    assert [each.rule for each in made] == ["mismatch", "staff", "settled", "contradiction"]
    assert end.state is State.FAILED


def test_what_staff_have_accepted_is_booked_with_its_receipt():
    end, made = in_turn(payment(SUBMITTED), paid(amount=Decimal(1)), STAFF_YES)
    assert (end.state, end.provider_txn_id) == (State.SUCCEEDED, "1432942836")
    assert made[1].effects == (Effect.COMPLETE,)


def test_a_callback_of_another_payment_lends_nothing():
    foreign = paid(Source.CALLBACK, reference="another", provider_txn_id="2")
    end, made = in_turn(payment(SUBMITTED), foreign, STK_PAID)
    assert (made[0].look_at, made[0].hint) == (SENT, None)
    assert (end.state, end.provider_txn_id) == (State.SUCCEEDED, "")


@pytest.mark.parametrize("state", sorted(FINAL - {State.SUCCEEDED}))
def test_an_end_stays_whatever_is_said(state):
    for source in set(Source) - {Source.STAFF}:
        for claim in Claim:
            before = payment(state, settled_by=Source.QUERY, confirm_callbacks=False)
            assert judge(before, said(claim, source), SENT).path == ()


@pytest.mark.field(number=1)
def test_a_code_that_nobody_knows_is_unknown_and_looked_after():
    callback = said(
        Claim.UNKNOWN, Source.CALLBACK, raw_code="SFC_IC0003", provider_txn_id="RLA0R69NXM"
    )
    decision = judge(payment(SUBMITTED), callback, SENT)
    assert (decision.path, decision.raw_code) == ((UNKNOWN,), "SFC_IC0003")
    assert (decision.look_at, decision.retry_safe) == (SENT, False)


@pytest.mark.field(number=2)
def test_an_accepted_request_is_not_a_payment():
    cancelled = said(Claim.NOT_PAID, reason="cancelled", raw_code="1032")
    end, made = in_turn(payment(), ACCEPTED, cancelled)
    assert made[0].path == (SUBMITTED,)
    assert end.state is State.CANCELLED
    assert Effect.COMPLETE not in (*made[0].effects, *made[1].effects)


@pytest.mark.field(number=3)
def test_an_error_while_the_prompt_stands_is_no_failure():
    processed = said(Claim.WAITING, raw_code="4999")
    end, made = in_turn(payment(), ACCEPTED, BUSY, processed, BUSY, STK_PAID)
    assert [each.effects for each in made] == [(), (), (), (), (Effect.COMPLETE,)]
    assert end.state is State.SUCCEEDED


@pytest.mark.field(number=4)
def test_a_callback_may_come_before_the_answer_to_our_request():
    callback = paid(Source.CALLBACK, provider_request_id="ws_CO_1", provider_txn_id="RLA0R69NXM")
    ack = said(Claim.ACCEPTED, Source.ACK, provider_request_id="ws_CO_1")
    end, made = in_turn(payment(), callback, ack, STK_PAID, callback)
    assert [state for each in made for state in each.path] == [
        SUBMITTED,
        State.CONFIRMING,
        State.SUCCEEDED,
    ]
    assert (end.provider_request_id, end.provider_txn_id) == ("ws_CO_1", "RLA0R69NXM")


@pytest.mark.field(number=5)
def test_money_that_comes_late_is_booked_apart_and_once():
    over = said(Claim.NOT_PAID, reason="expired", retry_safe=True)
    late = paid(Source.CALLBACK)
    end, made = in_turn(payment(), ACCEPTED, WAITING, over, late, paid(), late, paid(), over)
    assert [each.rule for each in made[2:]] == [
        "not_paid",
        "late_hint",
        "late_success",
        "duplicate",
        "duplicate",
        "settled",
    ]
    assert (end.state, end.booked_late) == (State.EXPIRED, True)


@pytest.mark.field(number=5)
def test_an_expiry_that_comes_late_does_not_undo_a_payment():
    over = said(Claim.NOT_PAID, reason="expired")
    end, made = in_turn(payment(), paid(), over)
    assert (end.state, made[1].effects) == (State.SUCCEEDED, ())


@pytest.mark.field(number=6)
def test_looks_that_get_no_answer_never_fail_a_payment():
    down = said(Claim.UNKNOWN, reason="no_answer", raw_code="503")
    end, made = in_turn(payment(), ACCEPTED, *[down] * 10, at=LONG_AFTER)
    assert (end.state, {each.effects for each in made}) == (UNKNOWN, {()})
    assert judge(end, paid(), LONG_AFTER).effects == (Effect.COMPLETE,)


@pytest.mark.field(number=9)
def test_a_genuine_signature_under_another_amount_holds_the_payment():
    signed = paid(Source.SIGNED_CALLBACK, amount=Decimal(1), reference=ID)
    decision = judge(payment(SUBMITTED, confirm_callbacks=False), signed, SENT)
    assert (decision.path, decision.reason) == ((State.HELD,), "amount")


@pytest.mark.field(number=9)
def test_a_genuine_signature_of_another_merchant_holds_the_payment():
    signed = paid(Source.SIGNED_CALLBACK, receiver="600638")
    decision = judge(payment(SUBMITTED, confirm_callbacks=False), signed, SENT)
    assert (decision.path, decision.reason) == ((State.HELD,), "receiver")
