"""Tables of codes are data, and refused where they say nothing."""

from __future__ import annotations

import pytest

from hoardrun.payments.codes import Meaning, evidence_of, find, read_codes
from hoardrun.payments.evidence import Claim, Source


def test_a_table_says_what_each_code_means(tmp_path):
    file = tmp_path / "codes.toml"
    file.write_text('[status]\n0 = { claim = "paid" }\n1 = { claim = "unknown", reason = "busy" }')
    assert read_codes(file) == {
        "status": {"0": Meaning(Claim.PAID), "1": Meaning(Claim.UNKNOWN, "busy")}
    }


@pytest.mark.parametrize(
    "line",
    [
        'claim = "perhaps"',
        'claim = "not_paid"',
        'claim = "not_paid", reason = "moon"',
        'claim = "unknown", reason = "funds"',
        'claim = "paid", retry = true',
    ],
)
def test_a_row_that_means_nothing_is_refused(tmp_path, line):
    file = tmp_path / "codes.toml"
    file.write_text(f"[status]\n1 = {{ {line} }}")
    with pytest.raises(ValueError):
        read_codes(file)


def test_a_row_may_stand_for_all_codes_that_begin_like_it():
    busy, funds = Meaning(Claim.UNKNOWN, "busy"), Meaning(Claim.NOT_PAID, "funds")
    table = {"NOT*": busy, "NOT_ENOUGH": funds}
    assert [find(table, code) for code in ("NOT", "NOTHING", "NOT_ENOUGH")] == [busy, busy, funds]
    assert find(table, "NO") is find(table, "") is None


def test_a_meaning_becomes_evidence_with_what_else_was_told():
    meaning = Meaning(Claim.NOT_PAID, "funds", retry_safe=True, alarm=True)
    evidence = evidence_of(meaning, Source.QUERY, raw_code="1")
    assert (evidence.claim, evidence.reason, evidence.raw_code) == (Claim.NOT_PAID, "funds", "1")
    assert evidence.retry_safe and evidence.alarm
