"""A statement over HTTP: whose, in pages, as CSV, and as a page to print."""

from __future__ import annotations

import csv
import io
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from hoardrun.ledger.models import Account
from hoardrun.ledger.statement import views, words
from hoardrun.ledger.statement.entries import COLUMNS
from notifications.languages import CODES
from tests.clients import api_as, staff_with
from tests.hoardrun.ledger.conftest import complete, create, paid
from tests.hoardrun.tools import problem

pytestmark = pytest.mark.django_db


def path(account: Account, kind: str = "") -> str:
    return f"/api/v1/accounts/{account.pk}/statement{kind}"


@pytest.fixture
def lived(kes: Account) -> Account:
    paid(kes, "10.50", "inbound")
    complete(create(kes, "3", description="=Rent <b>&", reference="R-1"))
    return kes


def test_it_reads_in_pages(lived: Account, alice: User):
    client = api_as(alice)
    first = client.get(path(lived), {"page_size": 2}).json()
    assert (first["opening_balance"], first["closing_balance"]) == ("0.00", "1007.50")
    assert (first["credited"], first["debited"], first["count"]) == ("1010.50", "3.00", 3)
    assert (first["account_id"], first["currency"]) == (str(lived.pk), "KES")
    assert [row["amount"] for row in first["results"]] == ["1000.00", "10.50"]
    second = client.get(first["next"]).json()
    [row] = second["results"]
    assert (second["next"], row["number"], row["kind"]) == (None, 3, "settle")
    assert (row["amount"], row["balance_after"]) == ("-3.00", "1007.50")
    assert row["transaction_id"] == str(lived.transactions.latest("pk").pk)


def test_days_and_moments_bound_it(lived: Account, alice: User):
    client = api_as(alice)
    before = client.get(path(lived), {"to": "2020-01-01"}).json()
    assert (before["closing_balance"], before["results"]) == ("0.00", [])
    later = client.get(path(lived), {"from": "2099-01-01"}).json()
    assert (later["opening_balance"], later["results"]) == ("1007.50", [])
    for query in ({"from": "x"}, {"from": "2026-02-01", "to": "2026-01-01"}, {"page_size": 0}):
        problem(client.get(path(lived), query), 400)
    problem(client.get(path(lived), {"since": "2026-01-01"}), 400)
    problem(client.get(path(lived, ".csv"), {"after": 1}), 400)


@pytest.mark.parametrize("kind", ["", ".csv", ".html"])
def test_its_owner_and_staff_with_the_right_read_it(
    lived: Account, bob: User, charlie: User, kind: str
):
    problem(api_as(bob).get(path(lived, kind)), 404, "account_not_found")
    dora = User.objects.create_user("dora", is_staff=True)
    problem(api_as(dora).get(path(lived, kind)), 404, "account_not_found")
    dora = staff_with(dora, "view_transaction")
    assert api_as(dora).get(path(lived, kind)).status_code == 200
    lived.pk = 10**9
    problem(api_as(dora).get(path(lived, kind)), 404, "account_not_found")


def test_a_spreadsheet_reads_it_and_runs_nothing(lived: Account, alice: User):
    answer = api_as(alice).get(path(lived, ".csv"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="statement-')
    head, *rows = csv.reader(io.StringIO(answer.content.decode()))
    assert head == list(COLUMNS)
    read = [dict(zip(head, row, strict=True)) for row in rows]
    assert [(row["amount"], row["balance_after"]) for row in read] == [
        ("1000.00", "1000.00"),
        ("10.50", "1010.50"),
        ("-3.00", "1007.50"),
    ]
    assert (read[2]["description"], read[2]["reference"]) == ("'=Rent <b>&", "R-1")
    assert read[0]["transaction_id"] == ""


def test_a_page_to_print_is_in_the_language_of_the_customer(lived: Account, alice: User):
    client = api_as(alice)
    page = client.get(path(lived, ".html"))
    assert page["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page["Content-Security-Policy"]
    text = page.content.decode()
    assert "Account statement" in text
    assert "KES 1,007.50" in text
    assert "\N{MINUS SIGN}3.00</td>" in text
    assert "alice" in text
    assert "=Rent &lt;b&gt;&amp;" in text
    client.patch("/api/v1/preferences", {"locale": "fr"}, headers={"If-Match": "*"})
    assert "Relevé de compte" in client.get(path(lived, ".html")).content.decode()
    empty = client.get(path(lived, ".html"), {"to": "2020-01-01"}).content.decode()
    assert "Aucune opération" in empty


def test_a_file_has_an_end(lived: Account, alice: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(views, "MOST", 2)
    for kind in (".csv", ".html"):
        problem(api_as(alice).get(path(lived, kind)), 400, "statement_too_long")


def test_every_language_has_every_word():
    file = Path(words.__file__).with_suffix(".toml")
    read: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    assert set(read) == set(CODES)
    assert {language: set(read[language]) for language in read} == dict.fromkeys(
        CODES, set(read["en"])
    )
    assert words.of("xx") == read["en"]
