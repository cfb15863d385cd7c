"""A payment's row and the judge's view of it are the same, there and back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.judge import judge
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.states import State
from hoardrun.payments.stored import columns_after, columns_of, facts_of
from tests.hoardrun.payments.support import ID, NEW, OVER, SENT, paid, payment, said

TOLD = paid(Source.CALLBACK, at=SENT, payer="+256771234567", raw=b"{}")


@pytest.mark.parametrize(
    "facts",
    [
        NEW,
        payment(State.CONFIRMING, hint=replace(TOLD, raw=b""), acknowledged=True),
        payment(State.FAILED, settled_by=Source.ACK, last_code="404", repeats=3),
        payment(State.EXPIRED, settled_by=Source.STAFF, booked_late=True, provider_txn_id="R"),
    ],
)
def test_there_and_back(facts):
    row = ProviderPayment(
        id=ID,
        minor=5000,
        currency="UGX",
        receiver="174379",
        msisdn="+256771234567",
        created_at=SENT - timedelta(seconds=1),
        sent_at=SENT,
        expires_at=OVER,
        **columns_of(facts),
    )
    assert facts_of(row) == facts


def test_what_was_never_sent_counts_from_its_creation():
    row = ProviderPayment(minor=1, currency="UGX", created_at=SENT, sent_at=None)
    assert facts_of(row).sent_at == SENT
    assert facts_of(row, confirm_callbacks=False).confirm_callbacks is False


def test_an_end_keeps_its_reason():
    begun = payment(State.AWAITING_PIN)
    refused = said(Claim.NOT_PAID, reason="funds", raw_code="1", retry_safe=True)
    decided = judge(begun, refused, SENT)
    columns = columns_after(begun, refused, decided)
    assert (columns["state"], columns["reason_code"], columns["retry_safe"]) == (
        "failed",
        "funds",
        True,
    )
    again = said(Claim.NOT_PAID, reason="expired", alarm=True)
    ended = payment(State.FAILED, settled_by=Source.QUERY)
    later = columns_after(ended, again, judge(ended, again, SENT))
    assert "reason_code" not in later
    assert later["alarm"] is True
