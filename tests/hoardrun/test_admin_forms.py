"""Every form of the admin that adds or edits takes anything and fails at nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client, RequestFactory

from hoardrun.market.models import Instrument
from tests.hoardrun.tools import BY_NAME, url_of

pytestmark = pytest.mark.usefixtures("furnished")
ODD = ["", "me", "9" * 40, "1e999", "NaN", "[]", "0001-01-01", "9999-12-31", "\u200b", "x" * 5001]


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


@pytest.mark.parametrize(("model", "page"), BY_NAME)
def test_no_form_of_the_admin_fails(support: Client, charlie: User, model: Any, page: Any) -> None:
    request: Any = RequestFactory().get("/")
    request.user = charlie
    urls = []
    if page.has_add_permission(request):
        urls.append(url_of(model, "add"))
    row = model._default_manager.exclude(pk=request.user.pk).first()
    row = row or model._default_manager.first()
    if row is not None and page.has_change_permission(request, row):
        urls.append(url_of(model, "change", row.pk))
    for url in urls:
        whole = form_of(support.get(url))
        for field in whole:
            for odd in ODD:
                with transaction.atomic():
                    answer = support.post(url, {**whole, field: odd})
                    assert answer.status_code < 500, (url, field, odd[:40])
                    transaction.set_rollback(True)


@pytest.mark.parametrize("field", ["status", "is_active", "id"])
def test_no_list_that_edits_fails(support: Client, field: str) -> None:
    url = url_of(Instrument)
    formset = support.get(url).context["cl"].formset
    sent = _management(formset) | {"_save": "Save"}
    for form in formset.forms:
        sent |= {form[name].html_name: str(form[name].value()) for name in form.fields}
    for odd in ODD:
        with transaction.atomic():
            answer = support.post(url, {**sent, f"form-0-{field}": odd})
            assert answer.status_code < 500, odd
            transaction.set_rollback(True)
