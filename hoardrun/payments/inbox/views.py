"""Receive callbacks of providers, at one path for each provider, purpose and payment.

A wrong path is 404, and nothing of it is stored. With a right one, the callback is stored before it
is answered; a forged signature is stored too, and answered with 403. What follows from a callback
is found out after the answer.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from http import HTTPStatus
from typing import Any, NamedTuple, get_args
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.http import HttpResponse
from rest_framework.request import Request

from hoardrun.payments import callback_urls
from hoardrun.payments.inbox import finding, reading, soon
from hoardrun.payments.models import PaymentReceipt, ProviderPayment
from hoardrun.payments.providers.interface import Incoming, Purpose, Verdict
from hoardrun.payments.providers.registry import PROVIDERS
from hoardrun.payments.providers.settings import is_known_address, keys_of
from realtime import clock
from realtime.rest.doors import Door, count

logger = logging.getLogger(__name__)

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
_FOR_ALL: frozenset[Purpose] = frozenset({"payment", "account"})  # with one URL for all payments


class Place(NamedTuple):
    """Whose callback it is. By a URL for all payments, its body says which one it is about."""

    provider: str
    purpose: Purpose
    payment_id: UUID | None
    now: datetime


class CallbackView(Door):
    """Take a provider's callback."""

    schema = None
    methods = frozenset({"POST", "PUT"})  # MTN says either

    def post(self, request: Request, code: str, purpose: str, token: str) -> HttpResponse:
        place = _find(code, purpose, token)
        if place is None:
            raise self.unknown(request)
        self.count_path(request, f"payments {place.provider}")
        provider = PROVIDERS[place.provider]
        incoming = reading.incoming_of(request, place.purpose)
        keys = keys_of(place.provider, "collect")
        verdict = provider.verify(incoming, keys, place.now)
        is_new = _store(place, incoming, verdict, str(request.META.get("REMOTE_ADDR", "")))
        if verdict is Verdict.FORGED:
            count("unsigned")
            return HttpResponse(b"{}", status=HTTPStatus.FORBIDDEN, content_type="application/json")
        count("taken" if is_new else "repeated")
        answer = provider.answer(incoming)
        return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)

    put = post


def _find(code: str, purpose: str, token: str) -> Place | None:
    """Find what a path stands for; None for one that we have given to nobody."""
    name = callback_urls.NAMES.get(code)
    found = next((each for each in PURPOSES if each == purpose), None)
    if name is None or found is None:
        return None
    if found in _FOR_ALL and callback_urls.is_fixed_token(name, token):
        return Place(name, found, None, clock.now())
    if found == "account":
        return None
    payment_id = callback_urls.payment_of(token)
    if payment_id is None:
        return None
    column = "question_digest" if found == "question" else "token_digest"
    live = ProviderPayment.objects.filter(
        pk=payment_id, provider=name, sent_at__gt=Now() - callback_urls.LIFE
    )
    row: Any = live.annotate(now=Now()).values_list(column, "now").first()
    if row is None or not callback_urls.is_right(token, row[0]):
        return None
    return Place(name, found, payment_id, row[1])


def _store(place: Place, incoming: Incoming, verdict: Verdict, address: str) -> bool:
    """Store a callback; return whether it is new."""
    sha256 = hashlib.sha256(incoming.raw).hexdigest()
    told = reading.evidence_in(place.provider, incoming, verdict)
    payment_id = place.payment_id
    if payment_id is None and verdict is not Verdict.FORGED:
        payment_id = finding.payment_named(place.provider, place.purpose, told)
    if payment_id is None and _is_stored(place, sha256):
        return False
    receipt = PaymentReceipt(
        payment_id=payment_id,
        provider=place.provider,
        purpose=place.purpose,
        method=incoming.method,
        reference=reading.reference_of(told),
        headers=reading.kept_headers(incoming.headers),
        raw=incoming.raw,
        sha256=sha256,
        address=address[:45],
        address_known=is_known_address(place.provider, address),
        verdict=verdict.value,
    )
    try:
        with transaction.atomic():
            receipt.save()
            transaction.on_commit(lambda: soon.process(receipt.pk), robust=True)
    except IntegrityError:  # it has come before; what was to be done about it is being done
        return False
    return True


def _is_stored(place: Place, sha256: str) -> bool:
    """Say whether a callback about no payment that is known has come before."""
    rows = PaymentReceipt.objects.filter(
        payment=None, provider=place.provider, purpose=place.purpose, sha256=sha256
    )
    return rows.exists()
