"""The page "Reference rates" of the admin: import what banks and exchanges publish once a day."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from hoardrun.market.feeds.daily.importing import daily_import
from hoardrun.market.feeds.daily.layouts import LAYOUTS
from hoardrun.market.feeds.daily.reading import NoRates
from hoardrun.market.models import Source
from realtime.admin_bases import views
from realtime.admin_bases.writes import note

RIGHT = "market.add_quote"


class ImportForm(forms.Form):
    """The form of a file. What is larger than a form may be, `manage.py import_rates` takes."""

    source = forms.ChoiceField(choices=[(name, each.title) for name, each in LAYOUTS.items()])
    file = forms.FileField(help_text="CSV, or a ZIP of one; up to 1 MiB.")
    day = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Of a file without dates.",
    )
    accept_jumps = forms.BooleanField(
        required=False, label="Take prices that are far from the day before", label_suffix=""
    )


@require_http_methods(["GET", "HEAD", "POST"])
def rates_page(request: HttpRequest) -> HttpResponse:
    """Show what was imported last, or import a file."""
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if form.is_valid():
        given = form.cleaned_data
        try:
            done = daily_import(
                source=given["source"],
                raw=given["file"].read(),
                day=given["day"],
                accept_jumps=given["accept_jumps"],
            )
        except NoRates as error:
            form.add_error("file", f"Nothing was imported. {error}")
        else:
            messages.success(request, str(done))
            note(request, [Source.objects.get(name=done.source)], str(done))
            return HttpResponseRedirect(reverse("admin:market_rates"))
    known: dict[str, Any] = Source.objects.in_bulk(list(LAYOUTS))
    return TemplateResponse(
        request,
        "admin/market/rates.html",
        {
            **admin.site.each_context(request),
            "title": "Reference rates",
            "form": form,
            "sources": [(name, each, known.get(name)) for name, each in LAYOUTS.items()],
        },
    )


views.register(views.View("market", "rates", "rates/", RIGHT, rates_page, title="Reference rates"))
