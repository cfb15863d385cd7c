"""Raw webhooks: each is kept as it came, once, and its body is emptied after 30 days.

They are the evidence of what a provider has said; what follows from it is stored elsewhere. The
hash of a body stays, with the time and the number of repetitions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Now

from realtime.models import Webhook

KEPT = timedelta(days=30)
# The headers that tell how to read a body and that prove it; no address, no credential.
_KEPT_HEADERS = ("content-type", "user-agent", "x-twilio-signature")
_MAX_HEADER = 500
_AT_ONCE = 1000


def keep(source: str, body: bytes, headers: Mapping[str, str], *, is_proven: bool) -> bool:
    """Keep a request of a provider; return whether it is new. A repetition is counted.

    A repetition is to be read like the first: what it says is recorded once by itself, and the
    first one may have failed after it was kept.
    """
    digest = hashlib.sha256(body).hexdigest()
    chosen = {
        name: value[:_MAX_HEADER]
        for name, value in ((key.lower(), text) for key, text in headers.items())
        if name in _KEPT_HEADERS
    }
    known = Webhook.objects.filter(source=source, hash=digest)
    if known.update(repeats=F("repeats") + 1):
        return False
    _, is_new = Webhook.objects.get_or_create(
        source=source,
        hash=digest,
        defaults={
            "body": body,
            "headers": chosen,
            "is_proven": is_proven,
            "received_at": Now(),
        },
    )
    if not is_new:  # another request was quicker
        known.update(repeats=F("repeats") + 1)
    return is_new


def scrub(now: datetime) -> int:
    """Empty the bodies that are older than 30 days; return how many were."""
    old = Webhook.objects.filter(scrubbed_at__isnull=True, received_at__lt=now - KEPT)
    count = 0
    while some := list(old.order_by("received_at").values_list("pk", flat=True)[:_AT_ONCE]):
        emptied = Webhook.objects.filter(pk__in=some)
        count += emptied.update(body=b"", headers={}, scrubbed_at=now)
    return count
