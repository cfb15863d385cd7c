"""Books and postings in the admin: found, shown, and never edited."""

from __future__ import annotations

import pytest
from django.test import Client

from hoardrun.ledger.journal.models import Book, Posting
from hoardrun.ledger.models import Account
from tests.clients import count_queries
from tests.hoardrun.ledger.conftest import complete, create

BOOKS = "/admin/ledger/book/"
POSTINGS = "/admin/ledger/posting/"


@pytest.fixture
def posting(kes: Account) -> Posting:
    txn = complete(create(kes, "10.50", "inbound", provider="mpesa"))
    return Posting.objects.get(txn=txn)


def test_a_posting_is_found_by_its_transaction_and_by_its_source(
    support: Client, posting: Posting, ugx: Account
):
    by_number, by_source, by_transaction = (
        support.get(f"{POSTINGS}{query}").content.decode()
        for query in (
            f"?q={posting.txn_id}",  # another one may have this number itself
            f"?q={posting.source}",
            f"?txn__id__exact={posting.txn_id}",
        )
    )
    for page in (by_number, by_source, by_transaction):
        assert "KES 10.50" in page and "float mpesa" in page
    assert "UGX" not in by_source and "UGX" not in by_transaction


def test_a_posting_says_what_was_in_the_book_after_it(support: Client, posting: Posting):
    page = support.get(f"{POSTINGS}{posting.pk}/change/").content.decode()
    assert "KES 1,010.50" in page
    assert f"/admin/ledger/account/{posting.credit.account_id}/change/" in page


def test_books_are_found_by_their_customer_and_ours_by_a_filter(
    support: Client, posting: Posting, ugx: Account
):
    mine = support.get(f"{BOOKS}?q=alice").content.decode()
    assert "KES 1,010.50" in mine and "UGX 50,000" not in mine
    ours = support.get(f"{BOOKS}?ours=1").content.decode()
    assert "mpesa" in ours and "KES 1,010.50" not in ours


def test_nobody_edits_them(support: Client, posting: Posting):
    for path in (f"{POSTINGS}{posting.pk}/", f"{BOOKS}{posting.credit_id}/"):
        assert 'name="_save"' not in support.get(f"{path}change/").content.decode()
        assert support.post(f"{path}change/", {"minor": "1"}).status_code == 403
        assert support.post(f"{path}delete/", {"post": "yes"}).status_code == 403
    assert support.get(f"{POSTINGS}add/").status_code == 403
    assert (Posting.objects.get(pk=posting.pk).minor, Book.objects.count()) == (1050, 3)


def test_lists_ask_no_query_per_row(support: Client, posting: Posting, ugx: Account):
    few = [count_queries(support, path) for path in (BOOKS, POSTINGS)]
    for _ in range(4):
        complete(create(ugx, "10"))
    assert [count_queries(support, path) for path in (BOOKS, POSTINGS)] == few
