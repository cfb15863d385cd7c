"""One line, and what it says of its payment."""

from __future__ import annotations

from decimal import Decimal

from hoardrun.payments.evidence import Claim, Source
from tests.hoardrun.payments.statements.support import line


def test_a_payment_and_its_fee_are_two_lines_of_one_receipt():
    keys = {
        line(1, -500, receipt="A").key,
        line(2, -5, receipt="A", kind="fee").key,
        line(3, 500, receipt="A").key,
        line(4, -500, receipt="A", at=line(1, 1).at).key,
    }
    assert len(keys) == 3


def test_a_line_is_evidence_of_a_payment_or_of_its_reversal():
    paid = line(1, -500, receipt="A").evidence()
    assert (paid.claim, paid.source) == (Claim.PAID, Source.STATEMENT)
    assert (paid.amount, paid.currency, paid.provider_txn_id) == (Decimal(500), "KES", "A")
    back = line(2, -500, receipt="B", kind="reversal", linked="A").evidence()
    assert (back.claim, back.provider_txn_id) == (Claim.REVERSED, "A")
