"""Open a book for each account, with its current balance as the first posting.

In batches, each under the locks of its accounts: nodes of the release before go on moving money
meanwhile. What they complete after an account's `opened_at` is not in its opening balance, which
`manage.py ledger_verify --post-missing` posts once they have gone.
"""
from typing import Any

from django.db import migrations, transaction
from django.db.models import Exists, OuterRef

from hoardrun.ledger.currencies import EXPONENTS
from realtime import clock

BATCH = 1000


def open_books(apps: Any, schema_editor: Any) -> None:
    Account = apps.get_model("ledger", "Account")
    Book = apps.get_model("ledger", "Book")
    Posting = apps.get_model("ledger", "Posting")
    without = Account.objects.filter(~Exists(Book.objects.filter(account=OuterRef("pk"))))
    last = 0
    while True:
        with transaction.atomic():
            some = without.filter(pk__gt=last).order_by("pk").select_for_update(no_key=True)
            accounts = list(some[:BATCH])
            if not accounts:
                return
            last = accounts[-1].pk
            now = clock.now()  # after the locks, as the times of what is completed
            worlds = {
                currency: Book.objects.get_or_create(
                    kind="world", currency=currency, provider="", account=None
                )[0]
                for currency in {account.currency for account in accounts}
            }
            books = {}
            for account in accounts:
                # A fraction of the smallest unit, which no service ever stored, stays out of the
                # journal: `ledger_verify` names the account.
                minor = int(account.current_balance.scaleb(EXPONENTS[account.currency]))
                books[account.pk] = Book(
                    kind="customer",
                    currency=account.currency,
                    account=account,
                    balance=minor,
                    version=1 if minor else 0,
                    opened_at=now,
                )
            Book.objects.bulk_create(books.values())
            Posting.objects.bulk_create(
                _opening(book, worlds[book.currency], Posting) for book in books.values() if book.balance
            )


def _opening(book: Any, world: Any, Posting: Any) -> Any:
    posting = Posting(
        currency=book.currency,
        minor=abs(book.balance),
        kind="opening",
        source=f"opening:{book.account_id}",
        event_at=book.opened_at,
        booked_at=book.opened_at,
    )
    if book.balance > 0:
        posting.debit, posting.credit = world, book
        posting.credit_balance, posting.credit_version = book.balance, 1
    else:
        posting.debit, posting.credit = book, world
        posting.debit_balance, posting.debit_version = book.balance, 1
    return posting


class Migration(migrations.Migration):

    atomic = False
    dependencies = [("ledger", "0010_journal")]
    old_code_works = "It writes only to tables that old code does not know."

    operations = [migrations.RunPython(open_books, migrations.RunPython.noop)]
