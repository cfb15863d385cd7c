"""The product's protocols against the stub, which shares no code with them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpcore
import pytest
from msgspec.structs import replace

from hoardrun.demo.providers.money.server import STILL, Money
from hoardrun.payments.evidence import Claim, Evidence
from hoardrun.payments.providers.airtel.protocol import Keys as AirtelKeys
from hoardrun.payments.providers.daraja.requests import Keys as DarajaKeys
from hoardrun.payments.providers.interface import Incoming, Kind, Order, Request, Verdict
from hoardrun.payments.providers.mtn.protocol import Keys as MtnKeys
from hoardrun.payments.providers.pawapay.protocol import Keys as PawaPayKeys
from hoardrun.payments.providers.registry import PROVIDERS
from hoardrun.payments.statements.chain import gaps
from hoardrun.payments.statements.parse import read_statement
from realtime.outgoing.outcome import Outcome
from realtime.outgoing.reply import Reply, outcome_of
from tests.hoardrun.demo.providers.money.support import CallbackServer

# Of each provider: country, currency, how its phones begin, and whose wallets they are.
PLACES = {
    "mtn": ("UG", "UGX", "+2567712345", ""),
    "daraja": ("KE", "KES", "+2547123456", ""),
    "airtel": ("UG", "UGX", "+2567012345", ""),
    "pawapay": ("UG", "UGX", "+2567712345", "MTN_MOMO_UGA"),
}
KINDS: tuple[Kind, ...] = ("collect", "payout")


@dataclass
class Caller:
    """Calls the stub as the product does, without its clients."""

    money: Money
    callbacks: CallbackServer
    http: httpcore.ConnectionPool
    keys: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given, pawapay = self.money.variables(), self.money.pawapay.account
        self.keys = {
            "daraja": DarajaKeys(
                consumer_key=given["DARAJA_CONSUMER_KEY"],
                consumer_secret=given["DARAJA_CONSUMER_SECRET"],
                shortcode=given["DARAJA_SHORTCODE"], passkey=given["DARAJA_PASSKEY"],
                initiator=given["DARAJA_INITIATOR"],
                security_credential=given["DARAJA_SECURITY_CREDENTIAL"],
            ),
            "airtel": AirtelKeys(
                client_id=given["AIRTEL_CLIENT_ID"], client_secret=given["AIRTEL_CLIENT_SECRET"],
                pin=given["AIRTEL_PIN"], hash_secret=given["AIRTEL_HASH_SECRET"],
            ),
            "pawapay": PawaPayKeys(
                api_token=given["PAWAPAY_API_TOKEN"],
                public_keys={pawapay.key_id: pawapay.public_key},
            ),
        }  # fmt: skip
        for kind, product in (("collect", "COLLECTION"), ("payout", "DISBURSEMENT")):
            self.keys[f"mtn {kind}"] = MtnKeys(
                user=given[f"MTN_{product}_USER"], key=given[f"MTN_{product}_KEY"],
                subscription_key=given[f"MTN_{product}_SUBSCRIPTION_KEY"],
                environment=given["MTN_ENVIRONMENT"],
            )  # fmt: skip
        self.money.airtel.account.callback_url = self.callbacks.callback
        self.money.pawapay.account.call_at(self.callbacks.callback)

    def keys_of(self, name: str, kind: Kind) -> Any:
        return self.keys.get(name) or self.keys[f"{name} {kind}"]

    def send(self, request: Request) -> Reply:
        try:
            found = self.http.request(
                request.method, self.money.url + request.path,
                headers=list(request.headers.items()), content=request.body,
            )  # fmt: skip
        except httpcore.RemoteProtocolError:
            return Reply(outcome=Outcome.UNKNOWN, error="protocol")
        return Reply(outcome=outcome_of(found.status, {}), status=found.status, body=found.content)

    def token(self, name: str, kind: Kind) -> str:
        request = PROVIDERS[name].token(self.keys_of(name, kind), kind)
        if request is None:
            return ""
        found = PROVIDERS[name].read_token(self.send(request))
        assert found is not None
        return found.value

    def begin(self, order: Order, name: str) -> Evidence:
        provider, keys = PROVIDERS[name], self.keys_of(name, order.kind)
        reply = self.send(provider.begin(order, keys, self.token(name, order.kind)))
        return provider.read_begun(order, reply)

    def look(self, order: Order, name: str) -> Evidence:
        provider, keys = PROVIDERS[name], self.keys_of(name, order.kind)
        request = provider.look(order, keys, self.token(name, order.kind))
        assert request is not None
        return provider.read_look(order, self.send(request))

    def heard(self, name: str, kind: Kind = "collect") -> list[tuple[Verdict, Evidence]]:
        """Read what was called back."""
        found = []
        for asked in self.callbacks.asked:
            incoming = Incoming(
                method=asked.method, path=asked.path, headers=asked.headers, raw=asked.body,
                authority=asked.headers["host"],
            )  # fmt: skip
            keys = self.keys_of(name, kind)
            verdict = PROVIDERS[name].verify(incoming, keys, datetime.now(UTC))
            found.append((verdict, PROVIDERS[name].read_callback(incoming, verdict)))
        return found


@pytest.fixture(scope="module")
def callers() -> Iterator[Caller]:
    with (
        CallbackServer() as callbacks,
        Money(pace=STILL, silence=0.03) as money,
        httpcore.ConnectionPool() as http,
    ):
        yield Caller(money, callbacks, http)


@pytest.fixture
def caller(callers: Caller) -> Iterator[Caller]:
    yield callers
    callers.money.clear()
    callers.callbacks.clear()


def order(caller: Caller, name: str, digits: str, kind: Kind = "collect") -> Order:
    country, currency, begins, wallet = PLACES[name]
    given = Order(
        id=str(uuid.uuid4()), kind=kind, amount=Decimal(5000), currency=currency, country=country,
        msisdn=begins + digits, at=datetime.now(UTC), reference="INV-7", text="Taxi", note="Rank",
        callback_url=caller.callbacks.callback, timeout_url=caller.callbacks.callback,
        question_url=caller.callbacks.callback, wallet=wallet,
    )  # fmt: skip
    return PROVIDERS[name].clean(given)


def begun(caller: Caller, name: str, digits: str, kind: Kind = "collect") -> tuple[Order, Evidence]:
    asked = order(caller, name, digits, kind)
    evidence = caller.begin(asked, name)
    return replace(asked, provider_request_id=evidence.provider_request_id), evidence


# What a question finds after 5 s, and what a callback has said until then. Where a provider says
# less than the others, its own words stand last.
ENDS: dict[str, tuple[str, dict[str, str]]] = {
    "00": ("paid", {}),
    "02": ("funds", {}),
    "03": ("pin", {"mtn": "cancelled", "pawapay": "cancelled"}),
    "04": ("cancelled", {}),
    "14": ("unknown_code", {}),
    "21": ("paid", {}),
    "20": ("paid", {}),
}


def said(evidence: Evidence) -> str:
    return evidence.reason or evidence.claim.value


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("digits", ENDS)
def test_each_end_is_understood(caller: Caller, name: str, digits: str):
    words, others = ENDS[digits]
    asked, ack = begun(caller, name, digits)
    assert ack.claim is Claim.ACCEPTED
    assert caller.look(asked, name).claim is Claim.WAITING
    caller.money.advance(5)
    assert said(caller.look(asked, name)) == others.get(name, words)
    [(verdict, told)] = caller.heard(name)
    is_signed = name in {"airtel", "pawapay"}
    assert verdict is (Verdict.GENUINE if is_signed else Verdict.UNPROVEN)
    # Airtel's callback has no code.
    bare = {"funds": "provider", "pin": "provider", "cancelled": "provider"}
    wanted = others.get(name, words)
    assert said(told) == (bare.get(wanted, wanted) if name == "airtel" else wanted)


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_payment_that_was_paid_is_the_one_that_was_asked_for(caller: Caller, name: str):
    asked, _ = begun(caller, name, "00")
    caller.money.advance(5)
    [(_, told)] = caller.heard(name)
    if name != "airtel":  # which tells of no amount
        assert (told.amount, told.currency) == (Decimal(5000), asked.currency)
    own = (told.reference or told.provider_request_id, told.provider_txn_id)
    assert own[0] in {asked.id, asked.provider_request_id}
    assert own[1]


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize(
    ("digits", "claim", "reason"),
    [
        ("11", Claim.UNKNOWN, "timeout"),
        ("12", Claim.UNKNOWN, "timeout"),
        ("13", Claim.UNKNOWN, "timeout"),
    ],
)
def test_an_answer_that_does_not_come_is_unknown(
    caller: Caller, name: str, digits: str, claim: Claim, reason: str
):
    _, ack = begun(caller, name, digits)
    assert (ack.claim, ack.reason) == (claim, reason)
    caller.money.advance(5)
    assert [told.claim for _, told in caller.heard(name)] == [Claim.PAID] * (digits != "12")


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_refusal_is_safe_to_try_again(caller: Caller, name: str):
    _, page = begun(caller, name, "15")
    _, refused = begun(caller, name, "16")
    # A code that the table of Daraja does not know settles nothing.
    of_a_code = (Claim.UNKNOWN, False) if name == "daraja" else (Claim.NOT_PAID, True)
    assert (page.claim, page.retry_safe) == (Claim.NOT_PAID, True)
    assert (refused.claim, refused.retry_safe) == of_a_code
    assert caller.money.processor.store.payments == []


@pytest.mark.parametrize("name", PROVIDERS)
def test_what_is_not_found_is_unknown(caller: Caller, name: str):
    asked, _ = begun(caller, name, "17")
    caller.money.advance(600)
    assert caller.look(asked, name).claim is Claim.UNKNOWN
    assert caller.heard(name) == []


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_late_success(caller: Caller, name: str):
    asked, _ = begun(caller, name, "08")
    caller.money.advance(61)
    assert caller.look(asked, name).claim is Claim.NOT_PAID
    caller.money.advance(30)
    assert caller.look(asked, name).claim is Claim.PAID
    assert [told.claim for _, told in caller.heard(name)] == [Claim.PAID]


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_forged_callback_is_not_genuine(caller: Caller, name: str):
    begun(caller, name, "18")
    caller.money.advance(5)
    [(verdict, told)] = caller.heard(name)
    is_signed = name in {"airtel", "pawapay"}
    assert verdict is (Verdict.FORGED if is_signed else Verdict.UNPROVEN)
    assert told.claim is Claim.PAID


@pytest.mark.parametrize("name", PROVIDERS)
def test_payouts_are_understood(caller: Caller, name: str):
    for digits, claim in (("00", Claim.PAID), ("02", Claim.NOT_PAID)):
        caller.callbacks.clear()
        asked, ack = begun(caller, name, digits, "payout")
        assert ack.claim is Claim.ACCEPTED
        caller.money.advance(5)
        [(_, told)] = caller.heard(name, "payout")
        assert told.claim is claim
        if name != "daraja":  # whose answer comes to a URL
            assert caller.look(asked, name).claim is claim


def test_the_answer_about_a_payout_of_daraja_comes_to_its_url(caller: Caller):
    asked, _ = begun(caller, "daraja", "19", "payout")
    found = answers_of(caller, asked, 5, 60)
    assert [each.claim for each in found] == [Claim.PAID, Claim.REVERSED]


def test_a_refund_of_daraja_is_told_and_found_by_the_id_of_its_answer(caller: Caller):
    begun(caller, "daraja", "00")
    caller.money.advance(5)
    [(_, paid)] = caller.heard("daraja")
    caller.callbacks.clear()
    asked = replace(order(caller, "daraja", "00", "refund"), refunds=paid.provider_txn_id)
    ack = caller.begin(asked, "daraja")
    assert ack.claim is Claim.ACCEPTED
    asked = replace(asked, provider_request_id=ack.provider_request_id)
    caller.money.advance(5)
    [(_, told)] = caller.heard("daraja")
    assert (told.claim, told.reference) == (Claim.PAID, "")
    assert (told.amount, told.provider_request_id) == (5000, ack.provider_request_id)
    found = answers_of(caller, asked, 1)
    assert [(each.claim, each.provider_txn_id) for each in found] == [
        (Claim.PAID, told.provider_txn_id)
    ]


def answers_of(caller: Caller, asked: Order, *seconds: int) -> list[Evidence]:
    """Ask Daraja after each of some pauses, and read what comes to the URL of the question."""
    found = []
    for pause in seconds:
        caller.money.advance(pause)
        caller.callbacks.clear()
        caller.look(asked, "daraja")
        caller.money.advance(1)
        [call] = caller.callbacks.asked
        incoming = Incoming(
            method="POST", path=call.path, headers={}, raw=call.body, purpose="question"
        )
        found.append(PROVIDERS["daraja"].read_callback(incoming, Verdict.UNPROVEN))
    return found


@pytest.mark.parametrize("name", ["mtn", "daraja", "airtel"])
def test_the_statement_has_what_was_paid_and_what_was_reversed(caller: Caller, name: str):
    for digits in ("00", "02", "06", "19"):
        begun(caller, name, digits)
    paid_out, _ = begun(caller, name, "00", "payout")
    caller.money.advance(70)
    reply = caller.send(Request(method="GET", path=f"/statements/{name}.csv", headers={}))
    found = read_statement(name, reply.body)
    assert found.faults == ()
    assert [(each.kind, each.amount) for each in found.lines] == [
        *[("payment", Decimal(5000))] * 3,
        ("payment", Decimal(-5000)),
        ("reversal", Decimal(-5000)),
    ]
    assert gaps(found.lines) == ()
    payments = caller.money.processor.store.of(name)
    paid = [payments[index].receipt for index in (0, 2, 3, 4)]
    assert [each.receipt for each in found.lines[:4]] == paid
    # MTN's statement names payments as their `externalId` does.
    assert paid_out.id in found.lines[3].details


@pytest.mark.parametrize("name", ["mtn", "airtel"])
def test_names_of_wallets(caller: Caller, name: str):
    asked = order(caller, name, "00")
    keys, token = caller.keys_of(name, "collect"), caller.token(name, "collect")
    request = PROVIDERS[name].ask_name(asked, keys, token)
    assert request is not None
    assert len(PROVIDERS[name].read_name(caller.send(request)).split()) == 2


@pytest.mark.parametrize("name", ["mtn", "pawapay"])
def test_balances(caller: Caller, name: str):
    keys, token = caller.keys_of(name, "collect"), caller.token(name, "collect")
    request = PROVIDERS[name].ask_balance(keys, token, "collect")
    assert request is not None
    before = PROVIDERS[name].read_balance(caller.send(request), "UGX")
    begun(caller, name, "00")
    caller.money.advance(5)
    after = PROVIDERS[name].read_balance(caller.send(request), "UGX")
    assert (before, after) == (Decimal(10_000_000), Decimal(10_005_000))


def test_pawapay_takes_an_amount_without_trailing_zeros(caller: Caller):
    asked = replace(
        order(caller, "pawapay", "00"), amount=Decimal("10.50"), currency="KES",
        msisdn="+254712345600", wallet="MPESA_KEN",
    )  # fmt: skip
    assert caller.begin(asked, "pawapay").claim is Claim.ACCEPTED
