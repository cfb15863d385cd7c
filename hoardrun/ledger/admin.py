"""Support's view of the ledger: read everything, move money through the services only."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from hoardrun.ledger import services
from hoardrun.ledger.errors import LedgerError
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.money import amount_human

MAX_REASONS = 5  # that one action tells of
MAX_NUMBERS = 10  # of transactions, for each

if TYPE_CHECKING:  # Django's classes take no parameters when they run
    _ModelAdmin = admin.ModelAdmin[Any]
    _TransactionForm = forms.ModelForm[Transaction]
else:
    _ModelAdmin = admin.ModelAdmin
    _TransactionForm = forms.ModelForm


class _Kept(_ModelAdmin):
    """Rows that are made by a service and never deleted.

    Subclasses name the fields of the add form; afterwards all but `editable` are readonly.
    """

    add_fields: tuple[str, ...] = ()
    editable: tuple[str, ...] = ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return self.add_fields
        return tuple(field.name for field in self.opts.fields)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return tuple(set(self.get_fields(request, obj)) - set(self.editable))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            return super().add_view(request, form_url, extra_context)
        except LedgerError as error:  # the balance changed since the form checked it
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


@admin.register(Account)
class AccountAdmin(_Kept):
    add_fields = ("user", "type", "name", "currency")
    editable = ("name",)
    autocomplete_fields = ("user",)
    list_display = ("id", "user", "type", "name", "currency", "available", "current", "status")
    list_filter = ("currency", "type", "status")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "name", "=id")
    ordering = ("-id",)

    @admin.display(ordering="available_balance")
    def available(self, account: Account) -> str:
        return amount_human(account.available_balance, account.currency)

    @admin.display(ordering="current_balance")
    def current(self, account: Account) -> str:
        return amount_human(account.current_balance, account.currency)

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["name", "updated_at"])
            return
        account = services.account_open(
            user_id=obj.user_id, type=obj.type, name=obj.name, currency=obj.currency
        )
        obj.pk = account.pk


class TransactionAddForm(_TransactionForm):
    """A new transaction, checked as `transaction_create` will check it again."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                services.transaction_check(
                    account=data["account"],
                    type=data["type"],
                    direction=data["direction"],
                    amount=data["amount"],
                )
            except LedgerError as error:
                raise forms.ValidationError(str(error), code=error.code) from None
        return data


@admin.register(Transaction)
class TransactionAdmin(_Kept):
    add_fields = (
        "account",
        "type",
        "direction",
        "amount",
        "description",
        "payment_method",
        "provider",
        "merchant_name",
        "reference",
    )
    autocomplete_fields = ("account",)
    list_display = ("id", "owner", "account", "type", "direction", "money", "status", "created_at")
    list_filter = ("status", "type", "direction", "currency", "provider", "created_at")
    list_select_related = ("account__user",)
    search_fields = ("account__user__username", "account__user__email", "reference", "=id")
    ordering = ("-created_at", "-id")
    date_hierarchy = "created_at"
    actions = ("complete", "fail", "cancel", "reverse")

    @admin.display(ordering="account__user__username")
    def owner(self, txn: Transaction) -> str:
        return txn.account.user.get_username()

    @admin.display(description="amount", ordering="amount")
    def money(self, txn: Transaction) -> str:
        return amount_human(txn.amount, txn.currency)

    def get_form(
        self,
        request: HttpRequest,
        obj: Transaction | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        if obj is None:
            kwargs["form"] = TransactionAddForm
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Transaction, form: Any, change: bool) -> None:
        if change:  # nothing is editable
            return
        txn, _ = services.transaction_create(
            account_id=obj.account_id,
            **{name: form.cleaned_data[name] for name in self.add_fields if name != "account"},
        )
        obj.pk = txn.pk

    @admin.action(description="Complete selected transactions", permissions=["change"])
    def complete(self, request: HttpRequest, queryset: QuerySet[Transaction]) -> None:
        self._move_each(request, queryset, services.transaction_complete)

    @admin.action(description="Fail selected transactions", permissions=["change"])
    def fail(self, request: HttpRequest, queryset: QuerySet[Transaction]) -> None:
        self._move_each(request, queryset, services.transaction_fail)

    @admin.action(description="Cancel selected transactions", permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Transaction]) -> None:
        self._move_each(request, queryset, services.transaction_cancel)

    @admin.action(description="Reverse selected transactions", permissions=["change"])
    def reverse(self, request: HttpRequest, queryset: QuerySet[Transaction]) -> None:
        self._move_each(request, queryset, services.transaction_reverse)

    def _move_each(
        self,
        request: HttpRequest,
        queryset: QuerySet[Transaction],
        move: Callable[..., Transaction],
    ) -> None:
        """Move each on its own: one that is refused stops none of the others."""
        moved: list[Transaction] = []
        refused: dict[str, list[int]] = {}
        for txn_id in queryset.order_by("id").values_list("id", flat=True):
            try:
                txn = move(txn_id=txn_id)
            except LedgerError as error:
                refused.setdefault(str(error), []).append(txn_id)
            else:
                self.log_change(request, txn, f"Moved to {txn.status}.")
                moved.append(txn)
        if moved:
            self.message_user(request, _done(moved), messages.SUCCESS)
        for reason, ids in list(refused.items())[:MAX_REASONS]:
            self.message_user(request, f"{_numbers(ids)}: {reason}", messages.ERROR)
        if rest := sum(len(ids) for ids in list(refused.values())[MAX_REASONS:]):
            self.message_user(request, f"{rest} more were refused.", messages.ERROR)


def _done(moved: list[Transaction]) -> str:
    """Say what was moved: one by its number, several by how many and how much."""
    sums: dict[str, Decimal] = {}
    for txn in moved:
        sums[txn.currency] = sums.get(txn.currency, Decimal()) + txn.amount
    amounts = ", ".join(amount_human(total, currency) for currency, total in sorted(sums.items()))
    if len(moved) == 1:
        return f"#{moved[0].pk}: {amounts} {moved[0].status}."
    return f"{len(moved)} transactions {moved[0].status}: {amounts}."


def _numbers(ids: list[int]) -> str:
    more = f" and {len(ids) - MAX_NUMBERS} more" if len(ids) > MAX_NUMBERS else ""
    return ", ".join(f"#{number}" for number in ids[:MAX_NUMBERS]) + more
