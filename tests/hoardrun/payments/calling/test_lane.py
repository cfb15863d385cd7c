"""Payments through a provider on loopback: sent once, followed, and ended as it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from hoardrun.ledger.models import Transaction
from hoardrun.payments import waits
from hoardrun.payments.calling import claims
from hoardrun.payments.calling.hosts import host
from hoardrun.payments.calling.worker import Worker
from hoardrun.payments.models import PaymentStep, ProviderPayment
from realtime import clock
from realtime.models import Host
from realtime.outgoing import breaker, pacing
from tests.hoardrun.payments.calling.support import (
    PENDING,
    TAKEN,
    TOKEN,
    Provider,
    now_due,
    payment,
    provider,
    reached,
)
from tests.realtime.outgoing.servers import answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def mtn() -> Iterator[Provider]:
    with provider(token=[TOKEN], requesttopay=[TAKEN], transfer=[TAKEN]) as made, reached(made):
        yield made


def paid(row: ProviderPayment) -> bytes:
    body = (
        f'{{"status":"SUCCESSFUL","amount":"5000","currency":"UGX","externalId":"{row.pk}",'
        f'"financialTransactionId":"77","payer":{{"partyIdType":"MSISDN",'
        f'"partyId":"256771234567"}}}}'
    )
    return answer(200, body.encode())


def stored(row: ProviderPayment) -> ProviderPayment:
    return ProviderPayment.objects.select_related("txn").get(pk=row.pk)


def step(row: ProviderPayment | None = None) -> None:
    """Have a worker do what is due; with a row, that is due now."""
    if row is not None:
        now_due(row)
    Worker().run_once()


def test_a_collection_is_sent_followed_and_booked(mtn: Provider, alice: User) -> None:
    row = payment(alice)
    step()
    assert (stored(row).state, stored(row).txn.status) == ("submitted", "processing")
    mtn.says("requesttopay", PENDING)
    step(row)
    assert stored(row).state == "awaiting_pin"
    mtn.says("requesttopay", paid(row))
    step(row)
    assert (stored(row).state, stored(row).txn.status) == ("succeeded", "completed")
    assert stored(row).provider_txn_id == "77"
    assert stored(row).next_check_at is None
    step()
    sent = [line for line in mtn.lines() if line == "POST /collection/v1_0/requesttopay"]
    assert len(sent) == 1 and len(mtn.lines()) == 4  # with the token


def test_one_whose_answer_is_lost_is_asked_about_and_never_sent_again(
    mtn: Provider, alice: User
) -> None:
    row = payment(alice, kind="payout")
    mtn.says("transfer", None, paid(row).replace(b'"payer"', b'"payee"'))
    step()
    assert stored(row).state == "unknown"
    step(row)
    assert stored(row).state == "succeeded"
    assert [line for line in mtn.lines() if line.startswith("POST /disbursement/v1_0")] == [
        "POST /disbursement/v1_0/transfer"
    ]


def test_what_the_ledger_refuses_is_for_staff(mtn: Provider, alice: User) -> None:
    """As when a program of an older release has cancelled its transaction."""
    row = payment(alice)
    step()
    Transaction.objects.filter(pk=row.txn_id).update(status="cancelled")
    mtn.says("requesttopay", paid(row))
    step(row)
    found = stored(row)
    assert (found.state, found.staff_reason) == ("submitted", "refused")
    assert found.next_check_at is not None and found.next_check_at > clock.now() + timedelta(
        minutes=30
    )


def test_a_worker_that_died_before_it_was_answered_leaves_a_question(
    mtn: Provider, alice: User
) -> None:
    row = payment(alice)
    claims.claim("mtn", 1)  # and died
    mtn.says("requesttopay", answer(404, b'{"code":"RESOURCE_NOT_FOUND"}'))
    step(row)
    assert stored(row).state == "unknown"
    assert "POST /collection/v1_0/requesttopay" not in mtn.lines()


def test_a_refusal_ends_a_payment_and_says_that_another_one_is_safe(
    mtn: Provider, alice: User
) -> None:
    mtn.says("requesttopay", answer(400, b"{}"))
    row = payment(alice)
    step()
    assert (stored(row).state, stored(row).retry_safe) == ("failed", True)
    assert stored(row).txn.status == "failed"
    last = PaymentStep.objects.filter(payment=row).latest("pk")
    assert (last.source, last.claim, last.raw_code) == ("ack", "not_paid", "400")


def test_after_failures_in_a_row_nothing_is_sent_and_then_given_up(
    mtn: Provider, alice: User
) -> None:
    mtn.says("requesttopay", answer(503))
    for _ in range(breaker.FAILURES):
        payment(alice)
    step()
    assert pacing.blocked([host("mtn")]) == {host("mtn"): "open"}
    asked, row = len(mtn.asked), payment(alice)
    step()
    assert (len(mtn.asked), stored(row).state, stored(row).attempts) == (asked, "created", 0)
    ProviderPayment.objects.filter(pk=row.pk).update(
        stage_changed_at=clock.now() - waits.PATIENCE - timedelta(seconds=1)
    )
    step()
    row = stored(row)
    assert (len(mtn.asked), row.state, row.reason_code) == (asked, "failed", "not_sent")
    assert row.retry_safe


def test_what_waited_for_a_worker_too_long_ends_and_its_hold_is_released(
    mtn: Provider, alice: User
) -> None:
    row, new = payment(alice, kind="payout"), payment(alice)
    long_ago = clock.now() - waits.PATIENCE - timedelta(seconds=1)
    ProviderPayment.objects.filter(pk=row.pk).update(stage_changed_at=long_ago)
    claims.give_up("mtn")  # by a worker that died then
    step(row)
    ended = stored(row)
    assert (ended.state, ended.reason_code, ended.retry_safe) == ("failed", "not_sent", True)
    assert (ended.txn.status, ended.txn.account.available_balance) == ("failed", 20_000)
    assert stored(new).state == "submitted"
    assert not [line for line in mtn.lines() if "transfer" in line]


def test_a_provider_that_asks_for_a_pause_gets_it(mtn: Provider, alice: User) -> None:
    mtn.says("requesttopay", answer(503, b"", "Retry-After: 120"))
    payment(alice)
    step()
    kept = Host.objects.get(name=host("mtn"))
    assert kept.next_at is not None and kept.next_at > clock.now() + timedelta(seconds=60)


def test_staff_can_stop_a_provider(mtn: Provider, alice: User) -> None:
    pacing.stop(host("mtn"), by="staff", why="They asked for it.")
    row = payment(alice)
    step()
    assert (stored(row).state, mtn.asked) == ("created", [])
    pacing.resume(host("mtn"))
    step()
    assert stored(row).state == "submitted"


def test_the_command_does_what_is_due_and_ends(mtn: Provider, alice: User, capsys) -> None:
    payment(alice)
    call_command("payments", once=True)
    assert "Did 2 step(s)." in capsys.readouterr().out  # begun, and answered
