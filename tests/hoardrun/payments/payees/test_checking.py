"""Names are compared with those of providers, and shown in part."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from hoardrun.payments.payees.checking import Checked, name_check, shown
from hoardrun.payments.payees.choices import NameVerdict
from tests.hoardrun.payments.payees.conftest import Mtn


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Jane Doe", "Jane D."),
        ("jane", "jane"),
        ("", ""),
        ("  A  b  c ", "A b. c."),
        ("Jane \u202eDoe\0", "Jane D."),
        ("x" * 200, "x" * 100),
    ],  # fmt: skip
)
def test_a_name_is_shown_by_its_first_word(name: str, text: str):
    assert shown(name) == text


def test_a_name_is_compared_where_one_is_told(alice: User, mtn: Mtn):
    wallet = {"msisdn": "+256772123456", "country": "UG", "currency": "UGX"}
    same = Checked(NameVerdict.SAME, "Amina N. S.")
    assert name_check("mtn", name="Amina Nakato", **wallet) == same
    mtn.names.clear()
    assert name_check("mtn", name="Amina Nakato", **wallet) == Checked(NameVerdict.UNKNOWN, "")
