"""Read callbacks by their provider's protocol; choose what of their headers is stored."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

from rest_framework.request import Request

from hoardrun.payments.codes import evidence_of
from hoardrun.payments.evidence import Evidence
from hoardrun.payments.models import PaymentReceipt
from hoardrun.payments.providers import replies
from hoardrun.payments.providers.interface import Incoming, Purpose, Verdict
from hoardrun.payments.providers.registry import PROVIDERS
from hoardrun.payments.providers.settings import callback_base

logger = logging.getLogger(__name__)

MAX_REFERENCE = 200
# The headers that tell how to read a body and that prove it; no credential.
KEPT = (
    "content-digest", "content-type", "hash", "signature", "signature-date", "signature-input",
    "user-agent",
)  # fmt: skip
_MAX_HEADER = 1000


def incoming_of(request: Request, purpose: Purpose) -> Incoming:
    """Return a callback as its provider has sent it: to our public address."""
    base = urlsplit(callback_base())
    return Incoming(
        method=request.method or "",
        path=f"{base.path}{request.path}",
        headers={name.lower(): value for name, value in request.headers.items()},
        raw=request.body,
        authority=base.netloc or request.get_host(),
        purpose=purpose,
    )


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that are stored with a callback."""
    return {name: headers[name][:_MAX_HEADER] for name in KEPT if name in headers}


def evidence_in(name: str, incoming: Incoming, verdict: Verdict) -> Evidence:
    """Return what a callback tells. Never raises."""
    try:
        return PROVIDERS[name].read_callback(incoming, verdict)
    except Exception:  # it promises not to raise; the callback is kept, and the provider is asked
        logger.exception("a callback of %s cannot be read", name)
        return evidence_of(replies.UNREADABLE, replies.source_of(verdict), raw=incoming.raw)


def reference_of(told: Evidence) -> str:
    """Return by what a callback names its payment: our id, the account, or the provider's id."""
    found = told.reference or told.account or told.provider_request_id
    return found.replace("\0", "")[:MAX_REFERENCE]


def stored_evidence(receipt: PaymentReceipt) -> Evidence:
    """Return what a stored callback tells."""
    incoming = Incoming(
        method=receipt.method,
        path="",
        headers=receipt.headers,
        raw=bytes(receipt.raw),
        purpose=receipt.purpose,  # type: ignore[arg-type]  # one of those of the view
    )
    return evidence_in(receipt.provider, incoming, Verdict(receipt.verdict))
