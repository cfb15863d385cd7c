"""A source is posted once, and the books of what is posted exist once."""

from __future__ import annotations

import pytest

from hoardrun.ledger.journal import posting
from hoardrun.ledger.journal.books import books_of
from hoardrun.ledger.journal.choices import BookKind, PostingKind
from hoardrun.ledger.journal.drafts import Draft, Place, customer, opening
from hoardrun.ledger.journal.errors import BookChanged, SourceReused
from hoardrun.ledger.journal.models import Book, Posting
from hoardrun.ledger.journal.posting import post
from hoardrun.ledger.models import Account
from tests.hoardrun.ledger.conftest import create

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(other: Account) -> Draft:
    return opening(other.pk, "KES", 500)


def test_a_source_that_is_posted_again_is_posted_once(draft: Draft, other: Account):
    assert post([draft]) == post([draft])
    assert Posting.objects.count() == 1
    assert Book.objects.get(account=other).balance == 500


@pytest.mark.parametrize(
    ("change", "what"),
    [({"minor": 501}, "amount"), ({"txn_id": 1}, "transaction")],
)
def test_a_source_with_something_else_is_an_error_that_names_it(
    draft: Draft, other: Account, change: dict, what: str
):
    post([draft])
    with pytest.raises(SourceReused, match=rf"opening:{other.pk} .* another {what}"):
        post([draft._replace(**change)])
    assert Posting.objects.get().minor == 500


def test_some_that_are_posted_before_stand_among_new_ones(draft: Draft, kes: Account):
    first = post([draft])[0]
    txn = create(kes)
    fee = Draft(
        PostingKind.FEE,
        "fee:7",
        customer("KES", kes.pk),
        Place(BookKind.FEES, "KES"),
        30,
        txn.pk,
    )
    again, new = post([draft, fee])
    assert (again, new.source) == (first, "fee:7")
    assert Book.objects.get(account=kes).balance == 100_000 - 30


def test_books_are_made_once(kes: Account):
    places = [customer("KES", kes.pk), Place(BookKind.FLOAT, "KES", provider="mpesa")]
    found = books_of(places)
    assert books_of(places) == found
    assert (found[places[0]].version, found[places[1]].version) == (1, None)


def test_a_book_in_another_currency_than_its_account_is_an_error(kes: Account):
    with pytest.raises(BookChanged, match="ledger_verify"):
        books_of([customer("UGX", kes.pk)])


def test_a_book_that_moved_without_the_lock_is_an_error(draft: Draft, other: Account):
    post([draft])
    book = Book.objects.get(account=other)
    Book.objects.filter(account=other).update(version=9)
    with pytest.raises(BookChanged):
        posting._save(book, 1)
