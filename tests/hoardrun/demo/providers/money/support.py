"""A merchant who asks the providers for payments by hand, and hears their callbacks."""

from __future__ import annotations

import json
import uuid
from base64 import b64encode
from typing import Any

import httpcore
import pytest

from hoardrun.demo.providers.http import Asked, Fake, Told
from hoardrun.demo.providers.money.server import Money

STAMP = "20260302120000"
JSON = {"Content-Type": "application/json"}
UGANDA = {"X-Country": "UG", "X-Currency": "UGX"}


def cases(*rows: tuple[Any, ...]) -> list[Any]:
    """Return cases for `parametrize`; the first of each row is its name."""
    return [pytest.param(*row, id=name) for name, *row in rows]


class CallbackServer(Fake):
    """Hears callbacks; `refuses` says how many it answers with 503."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses = 0
        self.reply = b'{"ResultCode":0,"ResultDesc":"Accepted"}'
        # A name, as MTN calls no address.
        self.callback = self.url.replace("127.0.0.1", "localhost") + "/in/7/secret"

    def answer(self, asked: Asked) -> Told:
        self.refuses -= 1
        return Told(503) if self.refuses >= 0 else Told(200, self.reply)

    def bodies(self) -> list[Any]:
        return [each.json() for each in self.asked]


class Merchant:
    """Calls one server of all providers. Each answer is a status and a body."""

    def __init__(
        self, money: Money, callbacks: CallbackServer, http: httpcore.ConnectionPool
    ) -> None:
        self.money, self.callbacks, self._http = money, callbacks, http
        self.tokens: dict[str, str] = {}
        money.airtel.account.callback_url = callbacks.callback
        money.pawapay.account.call_at(callbacks.callback)

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        content = None if body is None else json.dumps(body).encode()
        given = list((JSON | (headers or {})).items())
        reply = self._http.request(method, self.money.url + path, headers=given, content=content)
        is_json = dict(reply.headers).get(b"Content-Type") == b"application/json"
        return reply.status, json.loads(reply.content) if is_json else reply.content

    # -- MTN

    def mtn(self, method: str, path: str, body: Any = None, **more: str) -> tuple[int, Any]:
        product = path.split("/")[1]
        account = self.money.mtn.accounts[product]
        headers = {
            "Ocp-Apim-Subscription-Key": account.subscription_key,
            "X-Target-Environment": "mtnuganda",
        }
        if product not in self.tokens:
            login = b64encode(f"{account.user}:{account.key}".encode()).decode()
            found = self.call(
                "POST", f"/{product}/token/", None, headers | {"Authorization": f"Basic {login}"}
            )
            self.tokens[product] = found[1]["access_token"]
        token = {"Authorization": f"Bearer {self.tokens[product]}"}
        return self.call(method, path, body, headers | token | more)

    def mtn_collect(self, number: str, **changes: Any) -> tuple[str, int, Any]:
        """Ask for 5,000 of a number; return our id with the answer."""
        reference = str(uuid.uuid4())
        body = {
            "amount": "5000", "currency": "UGX", "externalId": "order-7",
            "payer": {"partyIdType": "MSISDN", "partyId": number}, "payerMessage": "Taxi",
            "payeeNote": "Rank 42",
        } | changes  # fmt: skip
        more = {"X-Reference-Id": reference, "X-Callback-Url": self.callbacks.callback}
        status, answer = self.mtn("POST", "/collection/v1_0/requesttopay", body, **more)
        return reference, status, answer

    def mtn_status(self, reference: str) -> tuple[int, Any]:
        return self.mtn("GET", f"/collection/v1_0/requesttopay/{reference}")

    # -- Daraja

    def daraja(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        account = self.money.daraja.account
        if "daraja" not in self.tokens:
            login = f"{account.consumer_key}:{account.consumer_secret}".encode()
            found = self.call(
                "GET", "/oauth/v1/generate?grant_type=client_credentials", None,
                {"Authorization": f"Basic {b64encode(login).decode()}"},
            )  # fmt: skip
            self.tokens["daraja"] = found[1]["access_token"]
        token = {"Authorization": f"Bearer {self.tokens['daraja']}"}
        return self.call("POST", f"/mpesa/{path}", body, token)

    def signed(self) -> dict[str, Any]:
        account = self.money.daraja.account
        secret = f"{account.shortcode}{account.passkey}{STAMP}".encode()
        password = b64encode(secret).decode()
        return {"BusinessShortCode": 600638, "Password": password, "Timestamp": STAMP}

    def push(self, number: int, **changes: Any) -> tuple[int, Any]:
        body = self.signed() | {
            "TransactionType": "CustomerPayBillOnline", "Amount": 10, "PartyA": number,
            "PartyB": 600638, "PhoneNumber": number, "CallBackURL": self.callbacks.callback,
            "AccountReference": "INV-7", "TransactionDesc": "Taxi",
        }  # fmt: skip
        return self.daraja("stkpush/v1/processrequest", body | changes)

    def push_status(self, checkout: str) -> tuple[int, Any]:
        body = self.signed() | {"CheckoutRequestID": checkout}
        return self.daraja("stkpushquery/v1/query", body)

    def initiator(self) -> dict[str, Any]:
        return {
            "SecurityCredential": self.money.seal.sealed(),
            "ResultURL": self.callbacks.callback,
            "QueueTimeOutURL": self.callbacks.callback,
            "Remarks": "Wage",
        }

    def pay_out(self, number: int, **changes: Any) -> tuple[int, Any]:
        body = self.initiator() | {
            "OriginatorConversationID": str(uuid.uuid4()), "CommandID": "BusinessPayment",
            "InitiatorName": self.money.daraja.account.initiator, "Amount": 10, "PartyA": 600638,
            "PartyB": number, "Occasion": "March",
        }  # fmt: skip
        return self.daraja("b2c/v3/paymentrequest", body | changes)

    # -- Airtel

    def airtel(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        account = self.money.airtel.account
        if "airtel" not in self.tokens:
            keys = {"client_id": account.client_id, "client_secret": account.client_secret}
            keys["grant_type"] = "client_credentials"
            found = self.call("POST", "/auth/oauth2/token", keys)
            self.tokens["airtel"] = found[1]["access_token"]
        token = {"Authorization": f"Bearer {self.tokens['airtel']}"}
        return self.call(method, path, body, UGANDA | token)

    def airtel_collect(self, number: str, **changes: Any) -> tuple[str, Any]:
        reference = uuid.uuid4().hex
        place = {"country": "UG", "currency": "UGX"}
        body = {
            "reference": "Taxi", "subscriber": place | {"msisdn": number},
            "transaction": place | {"amount": 5000, "id": reference},
        }  # fmt: skip
        return reference, self.airtel("POST", "/merchant/v1/payments/", body | changes)[1]

    # -- pawaPay

    def pawapay(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        token = {"Authorization": f"Bearer {self.money.pawapay.account.api_token}"}
        return self.call(method, path, body, token)

    def deposit(self, number: str, **changes: Any) -> tuple[str, Any]:
        reference = str(uuid.uuid4())
        account = {"phoneNumber": number, "provider": "MTN_MOMO_UGA"}
        body = {
            "depositId": reference, "amount": "5000", "currency": "UGX",
            "payer": {"type": "MMO", "accountDetails": account}, "customerMessage": "Taxi",
        }  # fmt: skip
        return reference, self.pawapay("POST", "/v2/deposits", body | changes)[1]
