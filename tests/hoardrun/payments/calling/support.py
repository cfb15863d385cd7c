"""A provider on loopback whose answers a test decides, settings that lead there, and payments."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

from django.contrib.auth.models import User
from django.test import override_settings

from hoardrun.ledger.services import account_open
from hoardrun.payments.calling import asking
from hoardrun.payments.calling.tokens import Tokens
from hoardrun.payments.creating import payment_create
from hoardrun.payments.models import ProviderPayment
from realtime.outgoing import client
from tests.realtime.outgoing.servers import answer, read_request, serving

TOKEN = answer(200, b'{"access_token":"t0ken","expires_in":"3599"}')
TAKEN = answer(202)
PENDING = answer(200, b'{"status":"PENDING"}')
PHONE = "+256771234567"


class Asked(NamedTuple):
    """A request as it came."""

    line: str  # method and path
    head: str
    body: Any


class Provider:
    """Answers each path from its list; of the last answer of a list there is no end.

    None is no answer: the connection is closed.
    """

    def __init__(self, **answers: Sequence[bytes | None]) -> None:
        self.answers: dict[str, list[bytes | None]] = {}
        self.asked: list[Asked] = []
        self.url = ""
        self._lock = threading.Lock()
        for name, some in answers.items():
            self.says(name, *some)

    def says(self, part: str, *answers: bytes | None) -> None:
        """Answer the paths that have this part, from now on."""
        with self._lock:
            self.answers[part] = list(answers)

    def lines(self) -> list[str]:
        return [each.line for each in self.asked]

    def serve(self, connection: Any) -> None:
        while True:
            head, body = read_request(connection)
            line = head.split(b" HTTP", 1)[0].decode()
            with self._lock:
                found = _read(body)
                self.asked.append(Asked(line, head.decode(), found))
                left = next(some for part, some in self.answers.items() if part in line)
                reply = left.pop(0) if len(left) > 1 else left[0]
            if reply is None:
                return
            connection.sendall(reply)


def _read(body: bytes) -> Any:
    return json.loads(body) if body else None


@contextmanager
def provider(**answers: Sequence[bytes | None]) -> Iterator[Provider]:
    """Serve a provider while the block runs."""
    made = Provider(**answers)
    with serving(made.serve) as server:
        made.url = server.url("")
        yield made


def set_up(url: str, **more: Any) -> dict[str, Any]:
    """Return settings.PAYMENTS with all four providers at one address."""
    return {
        "PAYMENTS_PROVIDERS": ("mtn", "daraja", "airtel", "pawapay"),
        "PAYMENTS_CALLBACK_URL": "https://bank.example",
        "MTN_URL": url,
        "MTN_ENVIRONMENT": "sandbox",
        "MTN_CURRENCIES": ("UGX",),
        "MTN_COLLECTION_USER": "user",
        "MTN_COLLECTION_KEY": "key",
        "MTN_COLLECTION_SUBSCRIPTION_KEY": "collects",
        "MTN_DISBURSEMENT_USER": "payer",
        "MTN_DISBURSEMENT_KEY": "key2",
        "MTN_DISBURSEMENT_SUBSCRIPTION_KEY": "pays",
        "MTN_PACE": 1000.0,
        "DARAJA_URL": url,
        "DARAJA_CONSUMER_KEY": "consumer",
        "DARAJA_CONSUMER_SECRET": "s3cret",
        "DARAJA_SHORTCODE": "600638",
        "DARAJA_PASSKEY": "passkey",
        "DARAJA_INITIATOR": "api",
        "DARAJA_SECURITY_CREDENTIAL": "sealed",
        "DARAJA_CALLBACK_TOKENS": ("a" * 32, "b" * 32),
        "DARAJA_PACE": 1000.0,
        "AIRTEL_URL": url,
        "AIRTEL_CURRENCIES": ("UGX",),
        "AIRTEL_CLIENT_ID": "client",
        "AIRTEL_CLIENT_SECRET": "s3cret",
        "AIRTEL_PIN": "sealed",
        "AIRTEL_HASH_SECRET": "h4sh",
        "AIRTEL_CALLBACK_TOKENS": ("c" * 32,),
        "PAWAPAY_URL": url,
        "PAWAPAY_CURRENCIES": ("UGX",),
        "PAWAPAY_API_TOKEN": "api-token",
        **more,
    }


@contextmanager
def reached(made: Provider, **more: Any) -> Iterator[None]:
    """Have this process call a provider on loopback, which DEBUG allows."""
    with override_settings(DEBUG=True, PAYMENTS=set_up(made.url, **more)), calling():
        yield


@contextmanager
def calling() -> Iterator[None]:
    """Begin without tokens, and close the connections at the end."""
    with patch.object(asking, "_tokens", Tokens()):
        try:
            yield
        finally:
            client(read_seconds=asking.READ_SECONDS).close()


def payment(user: User, name: str = "mtn", kind: str = "collect", **more: Any) -> ProviderPayment:
    """Create a payment of 5,000 in the currency of its phone."""
    is_kenyan = name == "daraja"
    account = account_open(
        user_id=user.pk, currency="KES" if is_kenyan else "UGX", opening_balance=20_000
    )
    wanted: dict[str, Any] = {
        "provider": name,
        "kind": kind,
        "amount": "5000",
        "msisdn": "+254712345678" if is_kenyan else PHONE,
    }
    return payment_create(account_id=account.pk, **(wanted | more)).payment


def now_due(row: ProviderPayment) -> None:
    """Have a payment asked about at once."""
    ProviderPayment.objects.filter(pk=row.pk).update(next_check_at=row.created_at)
