"""Any order of answers, callbacks, looks and crashes: the money is booked once, or a person has it.

A provider that never contradicts itself has the truth of a payment. What it says of that arrives
late, twice, in another order or not at all, and whoever applies it may die before the commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hoardrun.ledger.models import Account, Transaction
from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.services import evidence_apply
from hoardrun.payments.states import FINAL, MOVES, State, stays_paid
from tests.hoardrun.ledger.journal.conftest import verified
from tests.hoardrun.payments.carrying import ask, called, money, wait
from tests.hoardrun.payments.support import paid, said

FEE = 100
HAPPENINGS = ["take", "prompt", "pay", "refuse", "expire", "reverse"]  # at the provider
ARRIVALS = ["ack", "callback", "callback again", "callback of before", "look", "no answer"]
CRASHES = ["crash in ack", "crash in callback", "crash in look"]
STEPS = st.lists(
    st.one_of(st.sampled_from(HAPPENINGS), st.sampled_from(ARRIVALS), st.sampled_from(CRASHES)),
    min_size=3,
    max_size=12,
)

KINDS = st.sampled_from(["collect", "payout"])


class Crash(Exception):
    pass


class Undo(Exception):
    pass


@dataclass
class Provider:
    """What is true of one payment, and what was said of it."""

    receipt: str
    truth: str = "unheard"
    said: list[Evidence] = field(default_factory=list)

    def happen(self, what: str) -> None:
        allowed = {
            "take": {"unheard"},
            "prompt": {"take"},
            "pay": {"take", "prompt", "expire"},  # also after the time was over
            "refuse": {"take", "prompt"},
            "expire": {"take", "prompt"},
            "reverse": {"pay"},
        }
        if self.truth in allowed[what]:
            self.truth = what
            self.said.append(self.tell(Source.CALLBACK))

    def tell(self, source: Source) -> Evidence:
        match self.truth:
            case "unheard":
                return said(Claim.UNKNOWN, source, "not_found")
            case "pay":
                return paid(source, provider_txn_id=self.receipt)
            case "refuse":
                return said(Claim.NOT_PAID, source, "cancelled", retry_safe=True)
            case "expire":
                return said(Claim.NOT_PAID, source, "expired")
            case "reverse":
                return said(Claim.REVERSED, source)
            case _:
                return said(Claim.WAITING, source)


def arrive(row: ProviderPayment, provider: Provider, what: str) -> None:
    """Apply what arrives; a crash takes it back."""
    crashes = what.startswith("crash in ")
    kind = what.removeprefix("crash in ")
    receipt = None
    match kind:
        case "ack":
            heard = provider.truth != "unheard"
            claim = Claim.ACCEPTED if heard else Claim.UNKNOWN
            evidence = said(claim, Source.ACK, "" if heard else "timeout")
        case "look":
            evidence = provider.tell(Source.QUERY)
        case "no answer":
            evidence = said(Claim.UNKNOWN, Source.QUERY, "no_answer")
        case _:
            if not provider.said:
                return
            evidence = provider.said[0 if kind == "callback of before" else -1]
            raw = f"{row.receipts.count()} {evidence.claim}".encode()
            receipt = called(row, raw)
    with suppress(Crash), transaction.atomic():
        evidence_apply(row.pk, evidence, receipt=receipt)
        if crashes:
            raise Crash


def shown(row: ProviderPayment) -> tuple[int, int]:
    """Return what the account must have, by where the payment stands: available, and balance."""
    sign = 1 if row.kind == "collect" else -1
    if stays_paid(row.state, booked_late=row.booked_late):
        moved = sign * 5000 - (0 if row.booked_late else row.fee_minor)
        return 50_000 + moved, 50_000 + moved
    is_held = row.kind == "payout" and State(row.state) not in FINAL
    return 50_000 - (5000 + row.fee_minor if is_held else 0), 50_000


def invariants(row: ProviderPayment, account: Account) -> None:
    """Check what holds after every step."""
    row.refresh_from_db()
    available, current = money(account)
    under_way = Transaction.objects.filter(
        account=account, direction="outbound", status__in=("pending", "processing")
    )
    assert current - available == sum(txn.amount for txn in under_way)
    steps = list(row.steps.order_by("pk"))
    for step in steps:
        same = step.from_state == step.to_state
        assert same or State(step.to_state) in MOVES[State(step.from_state)]
    went = ["created", *(step.to_state for step in steps)]
    assert [step.from_state for step in steps] == went[:-1]
    assert row.state == went[-1]
    if State(row.state) not in FINAL:
        assert row.next_check_at is not None or row.staff_since is not None
    assert (available, current) == shown(row)
    booked = Transaction.objects.filter(carrier="mtn", type__in=("deposit", "withdrawal"))
    assert sum(txn.status in {"completed", "reversed"} for txn in booked) <= 1


def at_the_end(row: ProviderPayment, account: Account, provider: Provider) -> None:
    """Look until the provider has said its last word, and check that it was done."""
    wait(row, minutes=30)
    for _ in range(2):
        arrive(row, provider, "look")
        invariants(row, account)
    assert verified() == []
    if provider.truth in {"take", "prompt"}:
        assert State(row.state) not in FINAL
        return
    assert State(row.state) in FINAL or row.staff_since is not None
    sign = 1 if row.kind == "collect" else -1
    fee = row.fee_minor if provider.truth == "pay" else 0
    moved = {"pay": sign * 5000 - fee}.get(provider.truth, 0)
    if row.staff_since is not None:
        return  # a person has it; `invariants` has looked at the money
    if row.booked_late:
        moved = sign * 5000  # without the fee
    assert money(account) == (50_000 + moved, 50_000 + moved)


@contextmanager
def undone() -> Iterator[None]:
    with suppress(Undo), transaction.atomic():
        yield
        raise Undo


def play(account: Account, happenings: list[str], kind: str) -> None:
    with undone():
        row = ask(account, kind, fee=Decimal(FEE) if kind == "payout" else Decimal(0))
        provider = Provider("R-1")
        for what in happenings:
            if what in HAPPENINGS:
                provider.happen(what)
            else:
                arrive(row, provider, what)
                invariants(row, account)
        at_the_end(row, account, provider)


def examples(most: int) -> settings:
    """Return how many are tried; each undoes what it did, so that they share an account."""
    shared = [HealthCheck.function_scoped_fixture]
    return settings(max_examples=most, deadline=None, suppress_health_check=shared)


@given(happenings=STEPS, kind=KINDS)
@examples(10)
def test_the_money_is_booked_once_or_a_person_has_it(ugx: Account, happenings, kind):
    play(ugx, happenings, kind)


@pytest.mark.long
@given(happenings=STEPS, kind=KINDS)
@examples(200)
def test_in_many_more_orders(ugx: Account, happenings, kind):
    play(ugx, happenings, kind)
