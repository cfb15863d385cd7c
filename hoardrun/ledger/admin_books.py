"""Books, postings and floats in the admin, to look at: nobody writes them by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hoardrun.ledger.journal.days import balance_of
from hoardrun.ledger.journal.findings import money_text
from hoardrun.ledger.journal.floats import expected_text
from hoardrun.ledger.journal.models import Book, FloatCheck, Posting
from hoardrun.ledger.models import Account
from realtime.admin_bases.pages import ByKey, ModelAdmin, ReadOnly, Some, users_named
from realtime.core.text import row_id

MOST = 100  # postings of one transaction that a search shows
_BOOKS = ("debit__account__user", "credit__account__user")


class OursFilter(admin.SimpleListFilter):
    """Filter the books that are no customer's."""

    title = "whose"
    parameter_name = "ours"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "ours: floats, fees and the others")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Book]) -> QuerySet[Book]:
        return queryset.filter(account=None) if self.value() == "1" else queryset


@admin.register(Book)
class BookAdmin(ReadOnly, ByKey):
    fields = ("id", "kind", "of", "provider", "currency", "now", "version", "opened_at")
    readonly_fields = fields
    list_display = ("id", "kind", "of", "provider", "currency", "money", "version")
    list_filter = (OursFilter,)
    list_select_related = ("account__user",)
    search_help_text = "An account's id, or how the name of its user begins"
    linked_by = ("account__id__exact", OursFilter.parameter_name)

    def matching(self, word: str) -> Q:
        users = users_named(word)
        accounts = Account.objects.filter(user__in=users).values_list("pk", flat=True)
        return Q(account=row_id(word)) | Q(account__in=Some(accounts, is_cut=users.is_cut))

    @admin.display(description="account")
    def of(self, book: Book) -> str | SafeString:
        return _link(book) if book.account_id else ""

    @admin.display(description="balance")
    def now(self, book: Book) -> str:
        return money_text(balance_of(book), book.currency)

    @admin.display(description="balance")
    def money(self, book: Book) -> str:
        """Show a customer's balance; the others have none in their row, but on their page."""
        return "" if book.balance is None else money_text(book.balance, book.currency)


@admin.register(FloatCheck)
class FloatCheckAdmin(ReadOnly, ModelAdmin):
    """What providers say that we have with them, beside what our books allow."""

    fields = ("provider", "currency", "says", "allowed", "differs", "differs_since", "checked_at")
    readonly_fields = fields
    list_display = fields
    ordering = ("provider", "currency")

    @admin.display(description="the provider says")
    def says(self, row: FloatCheck) -> str:
        return money_text(row.told, row.currency)

    @admin.display(description="our books allow")
    def allowed(self, row: FloatCheck) -> str:
        return expected_text(row)

    @admin.display(description="difference")
    def differs(self, row: FloatCheck) -> str:
        return money_text(row.difference, row.currency) if row.difference else ""


@admin.register(Posting)
class PostingAdmin(ReadOnly, ByKey):
    fields = (
        *("id", "source", "kind", "taken_from", "given_to", "money", "txn", "reverses"),
        *("event_at", "booked_at", "debit_after", "debit_version"),
        *("credit_after", "credit_version"),
    )
    readonly_fields = fields
    list_display = ("id", "booked", "kind", "taken_from", "given_to", "money", "source")
    list_select_related = _BOOKS
    search_help_text = "A posting's id, its whole source, or the id of its transaction"
    linked_by = ("txn__id__exact",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Posting]:
        return super().get_queryset(request).select_related(*_BOOKS)

    def matching(self, word: str) -> Q:
        rows = Posting.objects.filter(txn=row_id(word)).values_list("pk", flat=True)
        sources = Posting.objects.filter(source=word).values_list("pk", flat=True)
        return Q(pk__in=[row_id(word), *rows[:MOST], *sources])

    @admin.display(description="booked")
    def booked(self, row: Posting) -> str:
        return f"{timezone.localtime(row.booked_at):%Y-%m-%d %H:%M}"

    @admin.display(description="from (debit)")
    def taken_from(self, row: Posting) -> str | SafeString:
        return _link(row.debit)

    @admin.display(description="to (credit)")
    def given_to(self, row: Posting) -> str | SafeString:
        return _link(row.credit)

    @admin.display(description="amount")
    def money(self, row: Posting) -> str:
        return money_text(row.minor, row.currency)

    @admin.display(description="balance of the debit after it")
    def debit_after(self, row: Posting) -> str:
        return _balance(row.debit_balance, row.currency)

    @admin.display(description="balance of the credit after it")
    def credit_after(self, row: Posting) -> str:
        return _balance(row.credit_balance, row.currency)


def _link(book: Book) -> str | SafeString:
    """Name a book: a customer's by its account, with a link; ours by purpose and provider."""
    if book.account is None:
        return f"{book.kind} {book.provider}".rstrip()
    url = reverse("admin:ledger_account_change", args=[book.account_id])
    name = book.account.user.get_username()
    return format_html('<a href="{}">{} #{}</a>', url, name, book.account_id)


def _balance(minor: int | None, currency: str) -> str:
    return "" if minor is None else money_text(minor, currency)
