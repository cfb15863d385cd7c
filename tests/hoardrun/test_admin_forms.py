"""Every form of the admin that adds or edits takes anything and fails at nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import reverse

from hoardrun.ledger.services import account_open, transaction_create
from hoardrun.market.services import instruments_ensure
from notifications.services import announcement_create, notification_create
from tests.clients import browser_as

ODD = ["", "me", "9" * 40, "1e999", "NaN", "[]", "0001-01-01", "9999-12-31", "\u200b", "x" * 5001]


@pytest.fixture
def staff(db: None) -> Client:
    charlie = User.objects.create_superuser("charlie")
    Group.objects.create(name="Support")
    account = account_open(user_id=charlie.pk, currency="KES", opening_balance=100)
    transaction_create(account_id=account.pk, type="deposit", direction="inbound", amount=1)
    notification_create(user_id=charlie.pk, title="Hello", message="World")
    announcement_create(author_id=charlie.pk, title="Hello", message="World")
    instruments_ensure()
    return browser_as(charlie)


def pages() -> list[tuple[str, type[Any]]]:
    found = [(model._meta.label, model) for model in admin.site._registry]
    return sorted(found, key=lambda item: item[0])


def form_of(page: Any) -> dict[str, str]:
    """Return what a browser would send of a form as it is shown."""
    form = page.context["adminform"].form
    sent: dict[str, str] = {}
    for name in form.fields:
        bound = form[name]
        widget = bound.field.widget
        values = widget.decompress(bound.value()) if hasattr(widget, "decompress") else None
        if values is not None:
            names = [f"{bound.html_name}_{number}" for number in range(len(values))]
            sent |= {n: "" if v is None else str(v) for n, v in zip(names, values, strict=True)}
        elif bound.value() not in (None, False):
            sent[bound.html_name] = bound.value()
    for formset in page.context["inline_admin_formsets"]:
        sent |= _management(formset.formset)
    return sent


def _management(formset: Any) -> dict[str, str]:
    form = formset.management_form
    return {form[name].html_name: str(form[name].value()) for name in form.fields}


@pytest.mark.parametrize(("label", "model"), pages())
def test_no_form_of_the_admin_fails(staff: Client, label: str, model: Any) -> None:
    page = admin.site._registry[model]
    request: Any = RequestFactory().get("/")
    request.user = User.objects.get(username="charlie")
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    urls = []
    if page.has_add_permission(request):
        urls.append(reverse(f"{name}_add"))
    row = model._default_manager.exclude(pk=request.user.pk).first()
    row = row or model._default_manager.first()
    if row is not None and page.has_change_permission(request, row):
        urls.append(reverse(f"{name}_change", args=[row.pk]))
    for url in urls:
        whole = form_of(staff.get(url))
        for field in whole:
            for odd in ODD:
                with transaction.atomic():
                    answer = staff.post(url, {**whole, field: odd})
                    assert answer.status_code < 500, (url, field, odd[:40])
                    transaction.set_rollback(True)


@pytest.mark.parametrize("field", ["status", "is_active", "id"])
def test_no_list_that_edits_fails(staff: Client, field: str) -> None:
    url = reverse("admin:market_instrument_changelist")
    formset = staff.get(url).context["cl"].formset
    sent = _management(formset) | {"_save": "Save"}
    for form in formset.forms:
        sent |= {form[name].html_name: str(form[name].value()) for name in form.fields}
    for odd in ODD:
        with transaction.atomic():
            answer = staff.post(url, {**sent, f"form-0-{field}": odd})
            assert answer.status_code < 500, odd
            transaction.set_rollback(True)
