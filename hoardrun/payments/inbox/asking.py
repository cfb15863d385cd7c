"""Answer providers that ask whether a payment to an account of ours may be made.

Nothing has moved yet, so nothing is stored. What nobody could place is refused before it is paid,
as each of those would have to be given back by a person.
"""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from hoardrun.payments import callback_urls
from hoardrun.payments.evidence import Claim, Evidence
from hoardrun.payments.inbox import finding, reading
from hoardrun.payments.models import OPEN
from hoardrun.payments.providers.accounts import Refusal
from hoardrun.payments.providers.interface import Verdict
from hoardrun.payments.providers.registry import ACCOUNTS, PROVIDERS
from hoardrun.payments.providers.settings import keys_of
from realtime import clock
from realtime.rest.doors import Door, count


class ValidationView(Door):
    """Take a provider's question, and let the payment go or refuse it."""

    schema = None

    def post(self, request: Request, code: str, token: str) -> HttpResponse:
        name = callback_urls.NAMES.get(code, "")
        if name not in ACCOUNTS or not callback_urls.is_fixed_token(name, token):
            raise self.unknown(request)
        self.count_path(request, f"payments {name}")
        incoming = reading.incoming_of(request, "account")
        verdict = PROVIDERS[name].verify(incoming, keys_of(name, "collect"), clock.now())
        reason = refusal(name, reading.evidence_in(name, incoming, verdict), verdict)
        count("taken")
        accept, refuse = PROVIDERS[name].answer, ACCOUNTS[name].refuse
        answer = accept(incoming) if reason is None else refuse(reason)
        return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)


def refusal(name: str, told: Evidence, verdict: Verdict) -> Refusal | None:
    """Return why a payment to an account is refused; None if it may be made.

    Our own prompts are asked about as well: that it may be of several payments does not stop it.
    """
    if verdict is Verdict.FORGED or told.claim is not Claim.PAID:
        return "other"
    accounts, keys = ACCOUNTS[name], keys_of(name, "collect")
    if not accounts.is_ours(keys, told.receiver):
        return "shortcode"
    is_named = bool(told.account) or accounts.needs_account(keys)
    named = finding.to_account(name, told) if is_named else finding.waiting(name)
    unpaid = named.filter(OPEN)
    if not unpaid.exists():
        return "account"
    return None if finding.of_amount(unpaid, told).exists() else "amount"
