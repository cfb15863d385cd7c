"""A source is posted once, and the books of what is posted exist once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from hoardrun.ledger.journal.choices import BookKind, PostingKind
from hoardrun.ledger.journal.drafts import Draft, Place, customer, opening
from hoardrun.ledger.journal.errors import BookChanged, SourceReused
from hoardrun.ledger.journal.models import Book, Posting
from hoardrun.ledger.journal.posting import post
from hoardrun.ledger.journal.writing import Side, move
from hoardrun.ledger.models import Account
from tests.hoardrun.ledger.conftest import create

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(other: Account) -> Draft:
    return opening(other.pk, "KES", 500)


@pytest.fixture
def fee(kes: Account) -> Draft:
    place = Place(BookKind.FEES, "KES")
    return Draft(PostingKind.FEE, "fee:7", customer("KES", kes.pk), place, 30, create(kes).pk)


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


def test_some_that_are_posted_before_stand_among_new_ones(draft: Draft, fee: Draft, kes: Account):
    first = post([draft])[0]
    again, new = post([draft, fee])
    assert (again, Posting.objects.get(pk=new).source) == (first, "fee:7")
    assert Book.objects.get(account=kes).balance == 100_000 - 30


def test_a_book_is_made_once(fee: Draft, kes: Account):
    post([fee, fee._replace(source="fee:8")])
    assert Book.objects.filter(kind=BookKind.FEES).count() == 1
    assert Book.objects.get(account=kes).version == 3


def test_a_book_in_another_currency_than_its_account_is_an_error(fee: Draft, kes: Account):
    wrong = fee._replace(
        debit=customer("UGX", kes.pk), credit=Place(BookKind.FEES, "UGX"), source="fee:9"
    )
    with pytest.raises(BookChanged, match="ledger_verify"):
        post([wrong])


def test_a_book_that_moved_without_the_lock_is_an_error(draft: Draft, other: Account):
    post([draft])
    book = Book.objects.get(account=other)
    Book.objects.filter(account=other).update(version=9)
    with pytest.raises(BookChanged):
        move(Side(book.pk, 2), 500)


def test_a_posting_takes_two_statements(
    draft: Draft, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
):
    post([draft])
    with django_assert_num_queries(2):
        post([draft._replace(source="opening:again")])
