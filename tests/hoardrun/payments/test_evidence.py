"""What evidence there is, and which of two counts."""

from __future__ import annotations

import pytest

from hoardrun.payments.evidence import DOUBTS, ENDINGS, Claim, Evidence, Source
from hoardrun.payments.states import NOT_PAID


def test_a_question_of_ours_counts_more_than_a_statement_and_a_callback():
    assert (
        Source.STAFF
        > Source.QUERY
        > Source.STATEMENT
        > Source.SIGNED_CALLBACK
        > Source.CALLBACK
        > Source.ACK
    )


def test_each_reason_why_it_was_not_paid_has_an_end():
    assert set(ENDINGS.values()) == NOT_PAID


@pytest.mark.parametrize("claim", [Claim.NOT_PAID, Claim.UNKNOWN])
def test_evidence_has_a_reason_that_is_known(claim):
    with pytest.raises(ValueError, match="'moon' is no reason"):
        Evidence(claim=claim, source=Source.QUERY, reason="moon")


def test_a_reason_of_one_claim_is_not_one_of_the_other():
    assert not ENDINGS.keys() & DOUBTS - {"not_prompted"}
