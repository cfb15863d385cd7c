"""`manage.py ledger_verify`: what it prints, and its exit code."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from hoardrun.ledger.models import Account

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[str, str]:
    """Return what it printed, and the error that it ended with."""
    out = StringIO()
    try:
        call_command("ledger_verify", *arguments, stdout=out, stderr=StringIO())
    except CommandError as error:
        assert error.returncode == 1
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def test_it_says_what_it_has_looked_at(kes: Account, ugx: Account):
    printed, error = run()
    assert printed == "2 accounts, 2 postings, 0 transactions, 0 days; 0 posted; 0 findings.\n"
    assert error == ""


def test_it_ends_with_an_error_if_something_is_wrong(kes: Account):
    Account.objects.update(current_balance=7)
    printed, error = run("--since", "2020-01-01")
    assert printed.startswith(
        f"balance: account {kes.pk}, current balance: expected KES 1,000.00, found KES 7.00\n"
    )
    assert error == "The ledger has 2 findings."


def test_it_writes_json(kes: Account):
    Account.objects.update(current_balance=7)
    printed, error = run("--json", "--post-missing")
    answer: dict[str, Any] = json.loads(printed)
    assert (answer["accounts"], answer["posted"], answer["findings"]) == (1, 0, 2)
    assert answer["listed"][0] == {
        "check": "balance",
        "account_id": kes.pk,
        "what": "current balance",
        "expected": "KES 1,000.00",
        "found": "KES 7.00",
    }
    assert error


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", ""])
def test_it_refuses_a_date_that_is_none(db: None, text: str):
    with pytest.raises(CommandError, match="is no date"):
        call_command("ledger_verify", "--since", text)
