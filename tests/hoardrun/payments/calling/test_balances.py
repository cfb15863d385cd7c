"""What our accounts at providers hold: asked for by one worker, and believed for a while."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from hoardrun.ledger.models import Account
from hoardrun.payments.calling import balances
from hoardrun.payments.errors import ProviderShort
from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.models import ProviderBalance
from hoardrun.payments.refunding import refund_create
from realtime import clock, jobs
from tests.hoardrun.payments.calling.support import TOKEN, Provider, provider, reached
from tests.hoardrun.payments.carrying import ask, money, taken, tell, tell_paid
from tests.hoardrun.payments.support import said
from tests.hoardrun.payments.tariffs.support import fee
from tests.realtime.outgoing.servers import answer

pytestmark = pytest.mark.django_db


def held(amount: str) -> bytes:
    return answer(200, f'{{"availableBalance":"{amount}","currency":"UGX"}}'.encode())


@pytest.fixture
def providers() -> Iterator[Provider]:
    wallets = b'{"balances":[{"country":"UGA","currency":"UGX","balance":"900"}]}'
    answers = {
        "token": [TOKEN],
        "disbursement": [held("120000")],
        "collection": [held("3000")],
        "wallet-balances": [answer(200, wallets)],
    }
    with provider(**answers) as made, reached(made):
        yield made


def test_each_account_is_asked_for_once_a_minute(providers: Provider) -> None:
    assert balances.ask() == 3
    assert balances.totals() == {("mtn", "UGX"): 123_000, ("pawapay", "UGX"): 900}
    asked = len(providers.asked)
    assert balances.ask() == 0 and len(providers.asked) == asked
    jobs.give_back(balances.JOB)
    providers.says("disbursement", held("100"))
    providers.says("collection", answer(503))
    balances.ask()
    assert balances.totals()[("mtn", "UGX")] == 3100  # the other one as it was told last


def test_a_payout_beyond_what_there_is_is_refused(providers: Provider, ugx: Account) -> None:
    providers.says("disbursement", held("8000"))
    balances.ask()
    ask(ugx, "payout", amount="8000", provider="airtel")  # of which nobody has told
    with pytest.raises(ProviderShort):
        ask(ugx, "payout", amount="8001")
    ask(ugx, "payout", amount="5000")
    with pytest.raises(ProviderShort):
        ask(ugx, "payout", amount="5000")  # the first one is on its way
    assert money(ugx) == (37_000, 50_000)
    ask(ugx, "payout", amount="3000")
    ask(ugx, "collect", amount="9000")


def test_what_the_provider_charges_must_be_covered_too(providers: Provider, ugx: Account) -> None:
    fee("1", "9000", "100", provider="mtn", currency="UGX")
    providers.says("disbursement", held("8000"))
    balances.ask()
    with pytest.raises(ProviderShort):
        ask(ugx, "payout", amount="7901")
    ask(ugx, "payout", amount="3900")
    with pytest.raises(ProviderShort):
        ask(ugx, "payout", amount="3901")
    ask(ugx, "payout", amount="3900")


def test_all_that_left_since_the_balance_was_told_counts(providers: Provider, ugx: Account) -> None:
    collected = taken(ask(ugx))
    tell_paid(collected, provider_txn_id="R-1")
    providers.says("disbursement", held("9000"))
    balances.ask()
    failed = taken(ask(ugx, "payout", amount="9000"))
    tell(failed, said(Claim.NOT_PAID, Source.STATEMENT, reason="provider"))
    refund_create(payment_id=collected.pk, amount="2000")
    done = taken(ask(ugx, "payout", amount="3000"))
    tell_paid(done, provider_txn_id="R-2")
    assert balances.covers("mtn", "payout", "UGX", 4000)
    assert not balances.covers("mtn", "payout", "UGX", 4001)
    tell_paid(failed, provider_txn_id="R-3")  # it was paid after all
    assert not balances.covers("mtn", "payout", "UGX", 1)


def test_an_old_word_refuses_no_payout(providers: Provider, ugx: Account) -> None:
    providers.says("disbursement", held("0"))
    balances.ask()
    ProviderBalance.objects.update(told_at=clock.now() - balances.BELIEVED_FOR - timedelta(1))
    ask(ugx, "payout")


def test_a_balance_of_no_whole_units_is_not_stored(providers: Provider) -> None:
    providers.says("disbursement", held("10.5"))
    balances.ask()
    assert balances.totals()[("mtn", "UGX")] == 3000  # of collections


def test_without_a_provider_nobody_is_asked(settings) -> None:
    settings.PAYMENTS = {}
    assert balances.ask() == 0
