"""Closed days: the balances of our books after them, and what changed in them later."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection

from hoardrun.ledger.journal import days
from hoardrun.ledger.journal.models import Book, BookDay, JournalDay, Posting
from hoardrun.ledger.models import Account
from realtime import append_only, clock
from tests.hoardrun.ledger.conftest import complete, create
from tests.hoardrun.ledger.journal.conftest import verified

pytestmark = pytest.mark.django_db

SQL = f"UPDATE {Posting._meta.db_table} SET {{}} WHERE source = %s"


def pay(account: Account, amount: str, *, days_ago: int = 0) -> Posting:
    """Pay through M-Pesa, some days ago."""
    txn = complete(create(account, amount, "inbound", provider="mpesa"))
    row = Posting.objects.get(txn=txn)
    if days_ago:
        change(row, booked_at=clock.now() - timedelta(days=days_ago))
    return row


def change(row: Posting, **columns: datetime) -> None:
    """Change times of a posting as somebody does who drops the triggers."""
    append_only.remove("default", "UPDATE")
    with connection.cursor() as cursor:
        values = [connection.ops.adapt_datetimefield_value(at) for at in columns.values()]
        names = ", ".join(f"{name} = %s" for name in columns)
        cursor.execute(SQL.format(names), [*values, row.source])
    append_only.install("default")


@pytest.fixture
def book(kes: Account) -> Book:
    """The float, into which 10 came three days ago, 20 a day ago, and 30 today."""
    change(Posting.objects.get(), booked_at=clock.now() - timedelta(days=3))
    for amount, days_ago in (("10", 3), ("20", 1), ("30", 0)):
        pay(kes, amount, days_ago=days_ago)
    return Book.objects.get(kind="float")


def close() -> int:
    return days.close(clock.now() + timedelta(hours=1))


def test_a_book_has_the_balance_of_the_last_day_and_what_came_since(book: Book):
    assert days.balance_of(book) == -6000
    assert close() == 3
    assert days.balance_of(book) == -6000
    assert list(book.days.order_by("day").values_list("balance", flat=True)) == [-1000, -3000]
    assert verified() == []


def test_a_customers_book_has_its_own_balance(book: Book, kes: Account):
    close()
    assert days.balance_of(Account.objects.get(pk=kes.pk).book) == 106_000
    assert set(BookDay.objects.values_list("book__kind", flat=True)) == {"float", "world"}


def test_a_day_is_closed_once_and_an_hour_after_its_end(book: Book):
    close()
    last = JournalDay.objects.latest("day").day
    tomorrow = days._begin(last + timedelta(days=2))
    assert close() == 0
    assert days.close(tomorrow + timedelta(minutes=59)) == 0
    assert days.close(tomorrow + timedelta(minutes=60)) == 1


def test_a_journal_without_postings_has_no_day(db: None):
    assert close() == 0


def test_the_log_has_the_hash_of_each_day(book: Book, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO, logger=days.__name__):
        close()
    rows = JournalDay.objects.order_by("day")
    assert [row.postings for row in rows] == [2, 0, 1]
    assert [row.digest in caplog.text for row in rows] == [True] * 3
    assert len({row.digest for row in rows}) == 3


def lose(book: Book) -> None:
    append_only.remove("default", "DELETE")
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {BookDay._meta.db_table} WHERE balance = -1000")
    append_only.install("default")


DAMAGES: dict[str, tuple[Callable[[Book], None], list[str]]] = {
    "another time": (
        lambda book: change(_oldest(), event_at=clock.now()),
        ["postings of"],
    ),
    "another day": (
        lambda book: change(_oldest(), booked_at=clock.now() - timedelta(days=1)),
        ["postings of", "balance of book", "postings of", "balance of book"],
    ),
    "a balance that is lost": (lose, ["balance of book", "balance of book"]),
}


def _oldest() -> Posting:
    return Posting.objects.filter(kind="settle").order_by("pk")[0]


@pytest.mark.parametrize("name", DAMAGES)
def test_a_day_that_changed_later_is_found(book: Book, name: str):
    close()
    damage, expected = DAMAGES[name]
    damage(book)
    found = [finding for finding in verified() if finding.check == "day"]
    assert all(finding.what.startswith(what) for finding, what in zip(found, expected, strict=True))
    since = clock.now()
    assert [finding for finding in verified(since=since) if finding.check == "day"] == []
