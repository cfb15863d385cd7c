"""The page "Statements" of the admin: what does not agree with providers, and files imported.

A finding is closed with a reason, which its history keeps. That moves no money.
"""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from hoardrun.payments.reconciling.models import StatementFile
from hoardrun.payments.reconciling.selectors import findings_shown
from hoardrun.payments.reconciling.services import MAY_CLOSE, finding_close
from notifications.validation import WHY_LENGTH
from realtime.admin_bases import views
from realtime.admin_bases.writes import note, staff_id
from realtime.errors import Refused
from realtime.retry import one_transaction

RIGHT = "payments.view_match"
MOST_FINDINGS, MOST_FILES = 50, 20


class CloseForm(forms.Form):
    """The form of each finding."""

    finding = forms.IntegerField(min_value=1)
    why = forms.CharField(max_length=WHY_LENGTH)


@require_http_methods(["GET", "HEAD", "POST"])
def statements_page(request: HttpRequest) -> HttpResponse:
    """Show open findings and the last files, or close a finding."""
    if request.method == "POST":
        return _close(request)
    return TemplateResponse(
        request,
        "admin/payments/statements.html",
        {
            **admin.site.each_context(request),
            "title": "Statements of providers",
            "groups": findings_shown(MOST_FINDINGS),
            "files": StatementFile.objects.order_by("-pk")[:MOST_FILES],
            "may_close": request.user.has_perm(MAY_CLOSE),
            "most": MOST_FINDINGS,
        },
    )


def _close(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(MAY_CLOSE):
        raise PermissionDenied
    form = CloseForm(request.POST)
    if form.is_valid():
        try:
            _write(request, form.cleaned_data["finding"], form.cleaned_data["why"])
        except Refused as error:
            messages.error(request, str(error))
    else:
        messages.error(request, "Say why the finding is closed, in at most 200 characters.")
    return HttpResponseRedirect(reverse("admin:payments_statements"))


@one_transaction
def _write(request: HttpRequest, finding: int, why: str) -> None:
    """Close a finding, with an entry in its history."""
    row = finding_close(match_id=finding, why=why, by=staff_id(request))
    note(request, [row], f"Closed: {row.closed_why}")
    messages.success(request, f"Closed the finding #{row.pk}.")


views.register(
    views.View("payments", "statements", "statements/", RIGHT, statements_page, title="Statements")
)
