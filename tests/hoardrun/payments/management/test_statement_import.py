"""`manage.py statement_import`: what it prints, and its exit code."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from hoardrun.ledger.services import account_open
from hoardrun.payments.reconciling.models import StatementFile
from tests.hoardrun.payments.reconciling.support import HEADER, collect, day_of, paid, row


def run(*arguments: str) -> tuple[str, str]:
    """Return what it printed, and the error that it ended with."""
    out = StringIO()
    try:
        call_command("statement_import", *arguments, stdout=out, stderr=StringIO())
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def written(folder: Path, *lines: str) -> str:
    path = folder / "march.csv"
    path.write_text("\n".join([HEADER, *lines, ""]))
    return str(path)


def test_it_lists_what_does_not_agree(alice: User, tmp_path: Path):
    day = day_of(account_open(user_id=alice.pk, currency="UGX"))
    path = written(tmp_path, *day.lines)
    printed, error = run("mtn", path)
    number = StatementFile.objects.get().pk
    assert printed.splitlines() == [
        "row 5: Another amount than we have, R4, UGX 500",
        "row 5: Lines are missing in the file, UGX 300",
        "row 4: Money without a payment here, R3, UGX 700",
        f"payment {day.missing.pk}: A success here without a line there, UGX 800",
        f"Imported as file #{number}: 4 lines, 0 more were known; 2 payments were told; "
        "4 findings.",
    ]
    assert error == "4 findings are open in this file."
    answer = json.loads(run("mtn", path, "--json")[0])
    assert (answer["imported_before"], answer["told"], answer["findings"]) == (True, 0, 4)
    assert answer["listed"][2] | {"id": 0} == {
        "id": 0,
        "what": "missing_here",
        "row": 4,
        "receipt": "R3",
        "payment": None,
        "amount": "700",
        "currency": "UGX",
        "column": "",
        "at": "2026-03-02T09:01:00.000Z",
    }


def test_it_is_content_if_all_agrees(alice: User, tmp_path: Path):
    paid(collect(account_open(user_id=alice.pk, currency="UGX"), "5000"), "R1")
    printed, error = run("mtn", written(tmp_path, row("R1", 5000, 5000)))
    assert printed.endswith("1 lines, 0 more were known; 0 payments were told; 0 findings.\n")
    assert error == ""


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n"])
def test_it_refuses_what_is_no_statement(db: None, tmp_path: Path, text: str):
    path = tmp_path / "x.csv"
    path.write_text(text)
    printed, error = run("mtn", str(path))
    assert (printed, "No row has the columns" in error) == ("", True)
    assert "cannot be read" in run("mtn", str(tmp_path / "nothing.csv"))[1]
    assert "cannot be read" in run("mtn", str(tmp_path))[1]
