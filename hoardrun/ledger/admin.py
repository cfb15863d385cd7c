"""The admin of accounts and transactions, for support. It moves money through services only.

`admin_moves` has what its actions and buttons do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Q, QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
)
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from hoardrun.ledger import (
    admin_books,  # noqa: F401 registers its pages
    admin_corrections,  # noqa: F401 likewise
    services,
)
from hoardrun.ledger.admin_moves import (
    VERBS,
    MovesInline,
    actor_of,
    buttons,
    carry_left,
    carry_offer,
    may_move,
    move_each,
)
from hoardrun.ledger.by_gateway import is_carried_still
from hoardrun.ledger.choices import Direction
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.models import LEFT_BEHIND, Account, Transaction
from hoardrun.ledger.money import amount_human
from hoardrun.ledger.transitions import TRANSITIONS
from realtime.admin_bases.pages import ModelForm, Some, first_keys, users_named
from realtime.admin_bases.writes import Kept
from realtime.core.text import row_id
from realtime.errors import Refused


class _MovesMoney(Kept):
    """Rows whose pages have a form of their own to move money: `act` does what it asks for.

    `verb` names the path to which it is posted. That shows the page from which it came again.
    """

    verb: ClassVar[str]

    class Media:
        css = {"all": ("ledger/moves.css",)}

    def offer(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Describe the form of a row's page for its template."""
        raise NotImplementedError

    def act(self, request: HttpRequest, pk: int) -> None:
        """Do what was posted by a user who may move money, and show the outcome."""
        raise NotImplementedError

    def answer(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not may_move(request):
            raise PermissionDenied
        self.act(request, pk)
        page = reverse(f"admin:ledger_{self.opts.model_name}_change", args=[pk])
        came_from = request.headers.get("Referer", "")
        if url_has_allowed_host_and_scheme(
            came_from, {request.get_host()}, require_https=request.is_secure()
        ):
            page = came_from
        return HttpResponseRedirect(page)

    def get_urls(self) -> list[URLPattern]:
        act = path(
            f"<int:pk>/{self.verb}/",
            self.admin_site.admin_view(require_POST(self.answer)),
            name=f"ledger_{self.opts.model_name}_{self.verb}",
        )
        return [act, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if (row := kwargs.get("obj")) is not None:
            context |= self.offer(request, row)
        return super().render_change_form(request, context, *args, **kwargs)


class LeftBehindFilter(admin.SimpleListFilter):
    """Filter closed accounts that have money, which waits to be carried."""

    title = "money"
    parameter_name = "left"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "left on a closed account")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Account]) -> QuerySet[Account]:
        return queryset.filter(LEFT_BEHIND) if self.value() == "1" else queryset


def account_label(account: Account) -> str:
    """Name an account with its user's name."""
    return f"{account.user.get_username()}: {account}"


@admin.register(Account)
class AccountAdmin(_MovesMoney):
    add_fields = ("user", "type", "name", "currency")
    editable = ("name",)
    shown = {"available_balance": ("available",), "current_balance": ("current",)}
    autocomplete_fields = ("user",)
    list_display = ("id", "user", "type", "name", "currency", "available", "current", "status")
    list_filter = ("status", LeftBehindFilter)
    verb = "carry"
    search_help_text = (
        "An account's id, or how the name of its user begins, or their e-mail address"
    )
    linked_by = ("user__id__exact", LeftBehindFilter.parameter_name)
    choice_label = staticmethod(account_label)  # in forms

    def matching(self, word: str) -> Q:
        return Q(pk=row_id(word)) | Q(user__in=users_named(word))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        return super().get_queryset(request).select_related("user")

    @admin.display
    def available(self, account: Account) -> str:
        return amount_human(account.available_balance, account.currency)

    @admin.display
    def current(self, account: Account) -> str:
        return amount_human(account.current_balance, account.currency)

    def add(self, request: HttpRequest, data: dict[str, Any]) -> Account:
        user = data.pop("user")
        return services.account_open(user_id=user.pk, **data)

    def offer(self, request: HttpRequest, row: Account) -> dict[str, Any]:
        return carry_offer(request, row)

    def act(self, request: HttpRequest, pk: int) -> None:
        """Carry what is left on a closed account: its page has a button for it."""
        onto, reason = (request.POST.get(name, "") for name in ("onto", "reason"))
        carry_left(request, pk, onto=onto, reason=reason)


class TransactionForm(ModelForm):
    """A new transaction. `transaction_create` checks it again when it is saved.

    Of one that exists, the form has no field.
    """

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.fields and not self.errors:
            try:
                services.transaction_check(
                    account=data["account"],
                    type=data["type"],
                    direction=data["direction"],
                    amount=data["amount"],
                )
            except Refused as error:
                raise forms.ValidationError(str(error), code=error.code) from None
        return data


def _action(to: Status) -> Callable[[Any, HttpRequest, QuerySet[Transaction]], None]:
    """Make the list's action that moves the chosen transactions to a status."""

    @admin.action(description=f"{VERBS[to]} selected transactions", permissions=["change"])
    def move(page: Any, request: HttpRequest, queryset: QuerySet[Transaction]) -> None:
        move_each(request, list(queryset.order_by("id").values_list("id", flat=True)), to)

    move.__name__ = VERBS[to].lower()
    return move


@admin.register(Transaction)
class TransactionAdmin(_MovesMoney):
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
    shown = {
        "account": ("customer", "account"),
        "amount": ("money",),
        "balance_after": ("balance_then",),
    }
    form = TransactionForm
    autocomplete_fields = ("account",)
    inlines = (MovesInline,)
    list_display = ("id", "status", "money", "of", "created")
    list_filter = ("status",)
    list_select_related = ("account__user",)
    search_help_text = (
        "A transaction's id, how a reference or the name of a user begins, or an e-mail address"
    )
    linked_by = ("account__id__exact",)
    actions = [
        _action(to) for to in (Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.REVERSED)
    ]
    verb = "move"

    def matching(self, word: str) -> Q:
        users = users_named(word)
        accounts = Account.objects.filter(user__in=users).values_list("pk", flat=True)
        found = first_keys(Transaction.objects.all(), "reference", word)
        return (
            Q(pk=row_id(word))
            | Q(pk__in=found)
            | Q(account__in=Some(accounts, is_cut=users.is_cut))
        )

    def get_inlines(self, request: HttpRequest, obj: Transaction | None) -> Any:
        return self.inlines if obj else ()

    @admin.display(description="amount")
    def money(self, txn: Transaction) -> str | SafeString:
        """Show the amount with a plus if it came in, with a minus if it went out."""
        sign = "+" if txn.direction == Direction.INBOUND else "\N{MINUS SIGN}"
        text = f"{sign}{amount_human(txn.amount, txn.currency)}"
        return format_html('<span class="money">{}</span>', text)

    @admin.display(description="balance after")
    def balance_then(self, txn: Transaction) -> str | None:
        if txn.balance_after is None:
            return None
        return amount_human(txn.balance_after, txn.currency)

    @admin.display(description="user")
    def customer(self, txn: Transaction) -> str:
        return txn.account.user.get_username()

    @admin.display(description="account")
    def of(self, txn: Transaction) -> str:
        return account_label(txn.account)

    def add(self, request: HttpRequest, data: dict[str, Any]) -> Transaction:
        account = data.pop("account")
        by = actor_of(request)
        return services.transaction_create(account_id=account.pk, by=by, **data).txn

    @admin.display(description="", empty_value="")
    def complete_one(self, txn: Transaction) -> str | SafeString:
        """Show a button for the most frequent move in the list."""
        if is_carried_still(txn) or Status.COMPLETED not in TRANSITIONS[Status(txn.status)]:
            return ""
        # The list is one form and has the CSRF token: the button sends that form elsewhere.
        return format_html(
            '<button type="submit" class="button move-one" formaction="{}" name="to" '
            'value="completed" aria-label="Complete #{}">Complete</button>',
            reverse("admin:ledger_transaction_move", args=[txn.pk]),
            txn.pk,
        )

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        may_move = self.has_change_permission(request)
        before, after = self.list_display[:2], self.list_display[2:]
        return (*before, "complete_one", *after) if may_move else self.list_display

    def offer(self, request: HttpRequest, row: Transaction) -> dict[str, Any]:
        # No field can be edited, so there is nothing to save.
        saving = ("show_save", "show_save_and_continue", "show_save_and_add_another")
        moves = buttons(request, row) if self.has_change_permission(request) else {}
        return {**dict.fromkeys(saving, False), **moves}

    def act(self, request: HttpRequest, pk: int) -> None:
        """Move a transaction: its page and the list have buttons for it."""
        to, reason, onto = (request.POST.get(name, "") for name in ("to", "reason", "onto"))
        if to not in VERBS:
            raise BadRequest("There is no such move.")
        move_each(request, [pk], to, reason=reason, onto=onto or None)
