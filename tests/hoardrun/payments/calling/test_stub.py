"""Each outcome of the stub by each provider: what becomes of the payment, and of its money.

Nothing is shared with the stub but HTTP. Its callbacks are real requests, to a server that keeps
them until the test hands them on. Time passes for both sides at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client

from hoardrun import env
from hoardrun.demo.providers.money.outcomes import OUTCOMES
from hoardrun.demo.providers.money.server import STILL, Money
from hoardrun.ledger.models import Account
from hoardrun.ledger.services import account_open
from hoardrun.payments import callback_urls, options
from hoardrun.payments.calling.hosts import host
from hoardrun.payments.calling.worker import Worker
from hoardrun.payments.creating import payment_create
from hoardrun.payments.models import PaymentReceipt, ProviderPayment, ReceiptOutcome
from realtime.outgoing import pacing
from tests.hoardrun.ledger.journal.conftest import assert_books_agree
from tests.hoardrun.payments.calling.support import calling
from tests.realtime.outgoing.servers import answer, read_request, serving

pytestmark = [pytest.mark.django_db, pytest.mark.operation]

TOKENS = ("c" * 32,)
# Seconds between the rounds of a test: while the prompt stands, after it, and after ten minutes.
# Each provider is asked between 60 and 90 seconds, whatever the jitter: outcome 8 is expired then.
ROUNDS = (0, 5, 7, 20, 50, 10, 40, 100, 120, 200, 400, 700)
BEGINS = {
    "mtn": "+2567712345",
    "daraja": "+2547123456",
    "airtel": "+2567012345",
    "pawapay": "+2567712345",
}
# The state that each outcome ends in, with its reason; where providers differ, by provider.
PAID, EXPIRED = ("succeeded", ""), ("expired", "expired")
ENDS: dict[int, tuple[str, str]] = {
    **dict.fromkeys((0, 1, 6, 7, 11, 13, 19, 20, 21, 22, 23), PAID),
    2: ("failed", "funds"),
    3: ("failed", "pin"),
    4: ("cancelled", "cancelled"),
    5: EXPIRED,
    8: EXPIRED,  # and late
    9: ("held", "amount"),
    10: ("held", "currency"),
    12: ("failed", "not_taken"),
    14: ("unknown", "unknown_code"),
    15: ("failed", "config"),
    16: ("failed", "request"),
    17: ("unknown", "not_found"),
    18: EXPIRED,
}
# What has no word in a provider's messages is told as something else, or not at all.
UNCERTAIN = ("unknown", "unknown_code")
DECLINED = ("cancelled", "cancelled")
OTHERS: dict[tuple[str, str], dict[int, tuple[str, str]]] = {
    ("mtn", "collect"): {3: DECLINED},
    ("mtn", "payout"): {3: DECLINED},
    ("daraja", "collect"): {
        10: PAID,
        12: ("unknown", "timeout"),
        **dict.fromkeys((16, 17), UNCERTAIN),
    },
    ("airtel", "collect"): {**dict.fromkeys((8, 9, 10), PAID), 16: ("failed", "not_allowed")},
}
OPENING = 200_000


class Callback(NamedTuple):
    """A request of a provider."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Callbacks:
    """Keeps the callbacks until they are handed on."""

    def __init__(self) -> None:
        self.kept: list[Callback] = []
        self.base = ""

    def serve(self, connection: Any) -> None:
        head, body = read_request(connection)
        first, *lines = head.decode().split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = dict(line.split(": ", 1) for line in lines if ": " in line)
        self.kept.append(Callback(method, path, headers, body))
        connection.sendall(answer(200, b"", "Connection: close"))

    def hand_on(self) -> None:
        """Call us as the provider did."""
        waiting, self.kept = self.kept, []
        for each in waiting:
            headers = {
                k: v for k, v in each.headers.items() if k.lower() not in {"host", "content-length"}
            }
            reply = Client().generic(each.method, each.path, each.body, headers=headers)
            assert reply.status_code in {200, 403}, each


@contextmanager
def around() -> Iterator[tuple[Money, Callbacks]]:
    """Run the stub, and what its callbacks come to."""
    callbacks = Callbacks()
    with serving(callbacks.serve) as server, Money(pace=STILL, silence=0) as money:
        callbacks.base = server.url("", host="localhost")
        yield money, callbacks


def set_up(money: Money, callbacks: Callbacks, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return settings.PAYMENTS as the environment sets them for the stub."""
    given = money.variables() | {"PAYMENTS_CALLBACK_URL": callbacks.base}
    for name in BEGINS:
        given[f"{name.upper()}_PACE"] = "1000"
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    found = env.by_variable(*options.TABLES)
    return found | {"AIRTEL_CALLBACK_TOKENS": TOKENS, "PAWAPAY_CALLBACK_TOKENS": TOKENS}


@pytest.fixture
def stub(settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Money, Callbacks]]:
    settings.DEBUG = True
    with around() as (money, callbacks), calling():
        settings.PAYMENTS = set_up(money, callbacks, monkeypatch)
        urls = {name: callback_urls.url(name, "payment", TOKENS[0]) for name in BEGINS}
        money.airtel.account.callback_url = urls["airtel"]
        money.pawapay.account.call_at(urls["pawapay"])
        yield money, callbacks


def begin(account: Account, name: str, kind: str, outcome: int) -> ProviderPayment:
    network = "MTN_MOMO_UGA" if name == "pawapay" else ""
    return payment_create(
        account_id=account.pk,
        provider=name,
        kind=kind,
        amount="5000",
        msisdn=f"{BEGINS[name]}{outcome:02}",
        network=network,
        description="Order 7",
        reference=f"INV{outcome}",
    ).payment


def pass_time(seconds: float, money: Money, callbacks: Callbacks, name: str) -> None:
    """Let time pass for both sides, and do what is due."""
    back = timedelta(seconds=seconds)
    times = ("created_at", "sent_at", "stage_changed_at", "expires_at", "next_check_at")
    ProviderPayment.objects.update(**{each: F(each) - back for each in times})
    money.advance(seconds)
    callbacks.hand_on()
    pacing.resume(host(name))  # whose breaker has tests of its own
    Worker().run_once()


@pytest.mark.parametrize(("name", "kind"), OTHERS)
def test_each_story_ends_as_it_must(
    stub: tuple[Money, Callbacks], alice: User, name: str, kind: str
) -> None:
    money, callbacks = stub
    currency = "KES" if name == "daraja" else "UGX"
    account = account_open(user_id=alice.pk, currency=currency, opening_balance=OPENING)
    rows = {outcome: begin(account, name, kind, outcome) for outcome in OUTCOMES}
    for seconds in ROUNDS:
        pass_time(seconds, money, callbacks, name)
    for row in rows.values():
        row.refresh_from_db()
    found = {outcome: (row.state, row.reason_code) for outcome, row in rows.items()}
    wanted = ENDS | OTHERS[name, kind]
    assert {outcome: end for outcome, end in found.items() if end != wanted[outcome]} == {}
    for outcome, row in rows.items():
        assert row.attempts == 1
        is_open = row.state in {"unknown", "held"}
        assert bool(row.staff_since) is is_open, outcome
        assert bool(row.late_txn_id) is (outcome == 8 and row.state == "expired"), outcome
    account.refresh_from_db()
    paid = sum(row.state == "succeeded" or bool(row.late_txn_id) for row in rows.values())
    sign = 1 if kind == "collect" else -1
    assert account.current_balance == OPENING + sign * 5000 * paid
    held = sum(row.state in {"unknown", "held"} for row in rows.values())
    assert account.available_balance == account.current_balance - 5000 * held * (kind == "payout")
    assert_books_agree()
    unread = PaymentReceipt.objects.filter(outcome__isnull=True)
    assert PaymentReceipt.objects.exists() and not unread.exists()
    assert not ReceiptOutcome.objects.filter(processed_at__isnull=True).exists()
