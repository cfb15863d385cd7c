"""Any evidence in any order, against a slow model that goes through the whole history each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from hoardrun.payments.evidence import ENDINGS, Claim, Evidence, Source
from hoardrun.payments.facts import Decision, Payment, after
from hoardrun.payments.judge import judge
from tests.hoardrun.payments.support import OVER, SENT, payment

# As the specification draws them.
MOVES = {
    "created": "submitted failed",
    "submitted": "awaiting_pin confirming unknown held succeeded failed cancelled expired",
    "awaiting_pin": "confirming unknown held succeeded failed cancelled expired",
    "confirming": "unknown held succeeded failed cancelled expired",
    "unknown": "awaiting_pin confirming held succeeded failed cancelled expired",
    "succeeded": "reversed",
}
SURE = ("QUERY", "STATEMENT")
RIGHT, WRONG = Decimal(5000), Decimal(1)


@dataclass(frozen=True)
class Said:
    evidence: Evidence
    at: datetime


def _evidence(claim, source, amount, receipt, why, no) -> Evidence:
    is_paid = claim is Claim.PAID
    return Evidence(
        claim=claim,
        source=source,
        reason={Claim.NOT_PAID: why, Claim.UNKNOWN: no}.get(claim, ""),
        amount=amount if is_paid else None,
        provider_txn_id=receipt if is_paid else "",
    )


# Those that decide are drawn more often.
CLAIMS = [*[Claim.NOT_PAID] * 3, *[Claim.PAID] * 3, Claim.WAITING, Claim.UNKNOWN, Claim.REVERSED]
SOURCES = [*[Source.QUERY] * 3, Source.STATEMENT, Source.SIGNED_CALLBACK, Source.CALLBACK]
ACKS = st.builds(
    _evidence,
    st.sampled_from([Claim.ACCEPTED, Claim.NOT_PAID, Claim.UNKNOWN]),
    st.just(Source.ACK),
    st.none(),
    st.just(""),
    st.just("request"),
    st.just("timeout"),
)
OTHERS = st.builds(
    _evidence,
    st.sampled_from(CLAIMS),
    st.sampled_from(SOURCES),
    st.sampled_from([RIGHT, RIGHT, RIGHT, WRONG, None]),
    st.sampled_from(["R1", "R1", "R2", ""]),
    st.sampled_from(["funds", "cancelled", "expired"]),
    st.sampled_from(["unknown_code", "no_answer"]),
)
TIMES = st.sampled_from([SENT, OVER, OVER + timedelta(hours=1)])
HISTORIES = st.lists(st.builds(Said, st.one_of(OTHERS, OTHERS, OTHERS, ACKS), TIMES), max_size=9)


class Model:
    """What must have become of a payment, from all that was said of it."""

    def __init__(self, history: Sequence[Said], *, confirms: bool) -> None:
        self.history = [each.evidence for each in history]
        self.times = [each.at for each in history]
        self.confirms = confirms

    def is_sure(self, index: int) -> bool:
        each = self.history[index]
        if each.source.name in SURE:
            return True
        if each.source is Source.ACK:
            return each.claim is Claim.NOT_PAID and all(map(self.is_quiet, range(index)))
        return each.source is Source.SIGNED_CALLBACK and not self.confirms

    def is_quiet(self, index: int) -> bool:
        """Say whether after it a refusal of the request is still to be believed."""
        each = self.history[index]
        if each.claim is Claim.ACCEPTED:
            return True
        if each.claim is Claim.WAITING:
            return not self.is_sure(index)
        in_time = self.times[index] <= OVER + timedelta(seconds=30)
        return each.reason == "no_answer" and each.source is Source.QUERY and in_time

    def first_end(self) -> int | None:
        ends = {Claim.PAID, Claim.NOT_PAID, Claim.REVERSED}
        found = (i for i, each in enumerate(self.history) if each.claim in ends and self.is_sure(i))
        return next(found, None)

    def figures(self, index: int) -> tuple[Decimal | None, str]:
        """Return amount and receipt, of the last callback where it does not tell them."""
        each = self.history[index]
        for hint in reversed(self.history[:index]):
            is_signed = hint.source is Source.SIGNED_CALLBACK and self.confirms
            if hint.claim is Claim.PAID and (is_signed or hint.source is Source.CALLBACK):
                amount = hint.amount if each.amount is None else each.amount
                return amount, each.provider_txn_id or hint.provider_txn_id
        return each.amount, each.provider_txn_id

    def end(self) -> str:
        """Return the end that it has come to, or nothing."""
        if (index := self.first_end()) is None:
            return ""
        each = self.history[index]
        if each.claim is Claim.REVERSED:
            return "held"
        if each.claim is Claim.NOT_PAID:
            return str(ENDINGS[each.reason])
        if self.figures(index)[0] == WRONG:
            return "held"
        rest = range(index + 1, len(self.history))
        gone = any(self.history[i].claim is Claim.REVERSED and self.is_sure(i) for i in rest)
        return "reversed" if gone else "succeeded"

    def was_paid(self) -> list[int]:
        """Return who surely said that it was paid."""
        claims = enumerate(self.history)
        return [i for i, each in claims if each.claim is Claim.PAID and self.is_sure(i)]


Steps = list[tuple[Payment, Decision]]


def run(history: Sequence[Said], *, confirms: bool) -> tuple[Payment, Steps]:
    current = payment(confirm_callbacks=confirms)
    steps: Steps = []
    for each in history:
        decision = judge(current, each.evidence, each.at)
        steps.append((current, decision))
        current = after(current, each.evidence, decision)
    return current, steps


@given(history=HISTORIES, confirms=st.booleans())
@settings(max_examples=200)
def test_a_payment_ends_as_the_model_says(history, confirms):
    model = Model(history, confirms=confirms)
    end, steps = run(history, confirms=confirms)
    wanted = model.end()
    live = {"created", "submitted", "awaiting_pin", "confirming", "unknown"}
    assert (end.state in live) if wanted == "" else (end.state == wanted)

    # Paid is never lost: it is booked once, or a person has it.
    booked = [d for _, d in steps if {"complete", "late_success"} & set(d.effects)]
    staff = [d for _, d in steps if "hold_for_staff" in d.effects]
    assert len(booked) <= 1
    if model.was_paid():
        assert booked or staff


@given(history=HISTORIES, confirms=st.booleans())
@settings(max_examples=150)
def test_no_order_of_evidence_breaks_a_law(history, confirms):
    _, steps = run(history, confirms=confirms)
    receipts: set[str] = set()
    for said, (before, decision) in zip(history, steps, strict=True):
        state = str(before.state)
        for move in decision.path:
            assert move in MOVES.get(state, "").split(), f"{state} to {move}"
            state = str(move)
        money = {"complete", "late_success", "reverse"} & set(decision.effects)
        source = said.evidence.source
        assert not (money and source in {Source.ACK, Source.CALLBACK})
        assert not (money and source is Source.SIGNED_CALLBACK and confirms)
        if {"complete", "late_success"} & money and (receipt := decision.provider_txn_id):
            assert receipt not in receipts
            receipts.add(receipt)
        # A contradiction of equal rank is a person's.
        settled = before.settled_by
        if (
            said.evidence.claim is Claim.PAID
            and source.name in SURE
            and before.state in {"failed", "cancelled"}
            and not before.booked_late
            and settled is not None
            and settled >= source
        ):
            assert decision.effects == ("hold_for_staff",)


@given(history=HISTORIES, confirms=st.booleans(), at=st.integers(0, 8))
@settings(max_examples=80)
def test_the_same_evidence_twice_moves_no_more_money(history, confirms, at):
    doubled = history[: at + 1] + history[at : at + 1] + history[at + 1 :]
    once, _ = run(history, confirms=confirms)
    twice, steps = run(doubled, confirms=confirms)
    assert twice.state in {once.state, "unknown", "confirming", "awaiting_pin"}
    booked = [d for _, d in steps if {"complete", "late_success"} & set(d.effects)]
    assert len(booked) <= 1
