"""The pages of staff in the admin: what waits for them, and why a payment is where it is."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from hoardrun.payments.errors import PaymentNotFound
from hoardrun.payments.inbox.unmatched import callback_close, unmatched_list
from hoardrun.payments.providers.registry import PROVIDERS
from hoardrun.payments.queue import rights, selectors, services
from hoardrun.payments.queue.forms import AskForm, CloseForm, FindForm
from hoardrun.payments.queue.masks import HIDDEN
from hoardrun.payments.queue.report import PaymentWhy
from hoardrun.payments.queue.serializers import MAX_SKIP
from hoardrun.payments.queue.tracing import callback_shown, payment_why
from hoardrun.payments.states import FINAL, State
from realtime.admin_bases import views
from realtime.admin_bases.writes import note, staff_id
from realtime.core.text import row_id
from realtime.errors import Refused
from realtime.retry import one_transaction

DOOR = "in the admin"
TITLE = "Waiting for staff"
UNMATCHED = "unmatched"
TITLES = {
    "": "All",
    "approval": "To approve",
    "held": "Held",
    "unknown": "Unknown",
    "ended": "Ended",
    UNMATCHED: "Callbacks",
}


@require_http_methods(["GET", "HEAD", "POST"])
def queue_page(request: HttpRequest) -> HttpResponse:
    """Show what waits, the longest wait first, or the payments that a word finds.

    A POST closes a callback about no payment.
    """
    if request.method == "POST":
        return _close(request)
    asked = request.GET
    what = asked.get("what", "") if asked.get("what") in TITLES else ""
    provider = asked.get("provider", "") if asked.get("provider") in PROVIDERS else ""
    found = selectors.queue_get(
        what="" if what == UNMATCHED else what,
        provider=provider,
        skip=(skip := _skip(asked.get("skip", ""))),
        limit=selectors.PAGE + 1,
    )
    finding = FindForm(asked) if "q" in asked else FindForm()
    rows = found.results[: selectors.PAGE]
    if finding.is_bound:
        word = finding.cleaned_data["q"] if finding.is_valid() else ""
        rows = selectors.shown(selectors.payments_found(word)) if word else ()
    context = {
        **admin.site.each_context(request),
        "title": TITLE,
        "tabs": _tabs(found.counts, found.unmatched),
        "what": what,
        "provider": provider,
        "providers": list(PROVIDERS),
        "finding": finding,
        "rows": rows,
        "callbacks": _unmatched(request.user.has_perm(rights.MAY_READ))
        if what == UNMATCHED
        else (),
        "may_trace": request.user.has_perm(rights.MAY_TRACE),
        "may_close": request.user.has_perm(rights.MAY_CLOSE),
        "next_skip": skip + selectors.PAGE if len(found.results) > selectors.PAGE else None,
    }
    return TemplateResponse(request, "admin/payments/queue.html", context)


def _tabs(counts: dict[str, int], unmatched: int) -> list[tuple[str, str, int]]:
    sizes = {"": sum(counts.values()), **counts, UNMATCHED: unmatched}
    return [(what, title, sizes[what]) for what, title in TITLES.items()]


def _unmatched(may_read: bool) -> list[Any]:
    """Return the newest callbacks about no payment, without what they tell of a person.

    A payer writes the name of an account by hand. It may be a phone, or a person's name: only who
    may read whole callbacks sees it.
    """
    return [
        (
            receipt.provider,
            receipt.reference if may_read or receipt.purpose != "account" else HIDDEN,
            callback_shown(receipt),
        )
        for receipt in unmatched_list().select_related("outcome")[: selectors.PAGE]
    ]


def _close(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(rights.MAY_CLOSE):
        raise PermissionDenied
    form = CloseForm(request.POST)
    if form.is_valid():
        try:
            _close_one(request, form.cleaned_data["callback"], form.cleaned_data["why"])
        except Refused as error:
            messages.error(request, str(error))
    else:
        messages.error(request, "Say why the callback is closed, in at most 200 characters.")
    return HttpResponseRedirect(f"{reverse('admin:payments_queue')}?what={UNMATCHED}")


@one_transaction
def _close_one(request: HttpRequest, receipt_id: int, why: str) -> None:
    """Close a callback, with an entry in its history."""
    closing = callback_close(receipt_id=receipt_id, why=why, by=staff_id(request))
    note(request, [closing.receipt], f"Closed: {closing.why}")
    messages.success(request, f"Closed the callback #{closing.receipt_id}.")


def _skip(given: str) -> int:
    """Read how many rows to leave out; 0 if it is no number."""
    return min(row_id(given), MAX_SKIP)


@require_http_methods(["GET", "HEAD", "POST"])
def why_page(request: HttpRequest, payment_id: str) -> HttpResponse:
    """Show why a payment is where it is; ask for an action on it, or decide, by POST."""
    try:
        return _act(request, payment_id) if request.method == "POST" else _look(request, payment_id)
    except PaymentNotFound as error:
        raise Http404(str(error)) from None


def _look(request: HttpRequest, payment_id: str) -> HttpResponse:
    wanted = "content" in request.GET
    if wanted and not request.user.has_perm(rights.MAY_READ):
        raise PermissionDenied
    found = services.payment_look(payment_id, by=staff_id(request), door=DOOR, with_content=wanted)
    return _page(request, found, _form(found))


def _page(request: HttpRequest, found: PaymentWhy, form: AskForm) -> HttpResponse:
    user = request.user
    is_own = found.user_id == str(user.pk)
    waiting = found.waiting
    context = {
        **admin.site.each_context(request),
        "title": f"Why: {found.kind} of {found.currency} {found.amount} by {found.provider}",
        "payment": found,
        "customer": get_user_model()._default_manager.filter(pk=found.user_id).first(),
        "is_own": is_own,
        "form": form if found.actions and not is_own and user.has_perm(rights.MAY_ASK) else None,
        "is_mine": waiting is not None and waiting.asked_by == user.get_username(),
        "may_decide": user.has_perm(rights.MAY_DECIDE) and not is_own,
        "may_read": user.has_perm(rights.MAY_READ),
        "may_see": user.has_perm(rights.MAY_SEE),
        "reads": "content" in request.GET,
    }
    return TemplateResponse(request, "admin/payments/why.html", context)


def _act(request: HttpRequest, payment_id: str) -> HttpResponse:
    """Do what a form of the page asks for; show its refusal beside what was written."""
    found = payment_why(payment_id)
    form = _form(found)
    try:
        if "decision" in request.POST:
            said = _decide(request, found)
        else:
            form = _form(found, request.POST)
            if not form.is_valid():
                return _page(request, found, form)
            said = _ask(request, found, form)
    except Refused as error:
        messages.error(request, str(error))
        return _page(request, payment_why(payment_id), form)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("admin:payments_why", args=[found.id]))


def _ask(request: HttpRequest, found: PaymentWhy, form: AskForm) -> str:
    if not request.user.has_perm(rights.MAY_ASK):
        raise PermissionDenied
    asked = services.ask(found.id, form.given(), by=staff_id(request), door=DOOR)
    return f"You have asked to {asked.action} it. Another member of staff decides."


def _decide(request: HttpRequest, found: PaymentWhy) -> str:
    approve = "approve" in request.POST
    made = services.decide(
        found.id,
        request.POST["decision"],
        approve=approve,
        by=staff_id(request),
        may_decide=request.user.has_perm(rights.MAY_DECIDE),
        door=DOOR,
    )
    return f"Done: {made.action}." if approve else "It is not done, and the payment waits on."


def _form(found: PaymentWhy, given: Any = None) -> AskForm:
    came = found.told_amount if found.told_currency in {"", found.currency} else ""
    is_open = State(found.state) not in FINAL
    return AskForm(found.actions, given, is_open=is_open, initial={"amount": came})


views.register(
    views.View("payments", "queue", "queue/", rights.MAY_SEE, queue_page, title=TITLE),
    views.View("payments", "why", "queue/<str:payment_id>/", rights.MAY_TRACE, why_page),
)
