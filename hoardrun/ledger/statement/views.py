"""Statements over HTTP: as JSON in pages, as CSV, and as a page to print or save as PDF.

For the account's owner, and for staff with `ledger.view_transaction`, as in the admin.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from hoardrun.ledger.errors import AccountNotFound, StatementTooLong
from hoardrun.ledger.models import Account
from hoardrun.ledger.money import amount_human
from hoardrun.ledger.selectors import account_get
from hoardrun.ledger.statement import words
from hoardrun.ledger.statement.entries import Entry, Summary, sheet
from hoardrun.ledger.statement.selectors import entries_of, summary_of
from hoardrun.ledger.statement.serializers import (
    RangeQuery,
    StatementOutput,
    StatementQuery,
    entry_data,
    summary_data,
)
from notifications import languages
from notifications.brand import brand
from notifications.preferences.selectors import preferences_get
from realtime.core.text import row_id
from realtime.rest.permissions import staff_may
from realtime.rest.views import View, user_id

VIEW = "ledger.view_transaction"
MOST = 10_000  # entries of one file


class _Statement(View):
    queries = {"GET": RangeQuery}

    def _summary(
        self, request: Request, account_id: str
    ) -> tuple[Account, Summary, dict[str, Any]]:
        """Sum up what was asked for; return the rest of the query, too."""
        account = _account(request, account_id)
        asked = self.asked(request)
        summary = summary_of(account, asked.pop("since", None), asked.pop("until", None))
        return account, summary, asked

    def _all(self, summary: Summary) -> list[Entry]:
        if summary.size > MOST:
            raise StatementTooLong(count=summary.size, most=MOST)
        return entries_of(summary, limit=MOST)


class StatementView(_Statement):
    queries = {"GET": StatementQuery}

    @extend_schema(operation_id="accounts_statement", responses=StatementOutput)
    def get(self, request: Request, account_id: str) -> Response:
        """Read the statement of an account: its balances then, and each posting, oldest first."""
        _, summary, asked = self._summary(request, account_id)
        entries = entries_of(summary, after=asked["after"], limit=asked["page_size"])
        behind = None
        if entries and entries[-1].number < summary.last:
            here = request.build_absolute_uri()
            behind = replace_query_param(here, "after", entries[-1].number)
        results = [entry_data(entry, summary.currency) for entry in entries]
        data = {**summary_data(summary), "next": behind, "results": results}
        return Response(StatementOutput(data).data)


class StatementSheetView(_Statement):
    schema = None  # the document describes JSON only; docs/http.md has these

    def get(self, request: Request, account_id: str) -> HttpResponse:
        """Read the statement of an account as CSV, for a spreadsheet."""
        account, summary, _ = self._summary(request, account_id)
        name = f"statement-{account.pk}-{summary.until:%Y-%m-%d}.csv"
        return HttpResponse(
            sheet(self._all(summary), summary.currency),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


class StatementPageView(_Statement):
    schema = None

    def get(self, request: Request, account_id: str) -> HttpResponse:
        """Read the statement of an account as a page, to print or to save as PDF."""
        account, summary, _ = self._summary(request, account_id)
        language = languages.choose(preferences_get(account.user_id).locale).language
        currency = summary.currency
        entries = [
            (
                entry,
                _figure(entry.amount, currency),
                _figure(entry.balance_after, currency),
            )
            for entry in self._all(summary)
        ]
        money = {
            name: _signed(amount_human(getattr(summary, name), currency))
            for name in ("opening_balance", "closing_balance", "credited", "debited")
        }
        holder = account.user.get_full_name() or account.user.get_username()
        shown = {"account": account, "holder": holder, "summary": summary, "entries": entries}
        return render(
            request._request,
            "ledger/statement.html",
            {
                **shown,
                **money,
                "brand": brand(),
                "words": words.of(language),
                "language": language,
            },
        )


def _figure(amount: Decimal, currency: str) -> str:
    """Write an amount in a column that names the currency."""
    return _signed(amount_human(amount, currency).removeprefix(f"{currency} "))


def _signed(text: str) -> str:
    """Write the sign that stands in a line with figures, where a hyphen would be small."""
    return text.replace("-", "\N{MINUS SIGN}")


def _account(request: Request, account_id: str) -> Account:
    """Return one of the user's accounts; for staff with the right, anybody's."""
    if not staff_may(request.user, VIEW):
        return account_get(user_id=user_id(request), account_id=account_id)
    account = Account.objects.filter(pk=row_id(account_id)).first()
    if account is None:
        raise AccountNotFound
    return account
