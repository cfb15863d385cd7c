"""The requests of Daraja. Pure.

An STK push has no id of ours: the id in the path of its callback stands for one.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from hoardrun.payments.providers import replies
from hoardrun.payments.providers.interface import USER_AGENT, Order, Request

NAIROBI = ZoneInfo("Africa/Nairobi")
STK, STK_QUERY = "/mpesa/stkpush/v1/processrequest", "/mpesa/stkpushquery/v1/query"
B2C, REVERSAL = "/mpesa/b2c/v3/paymentrequest", "/mpesa/reversal/v1/request"
STATUS, REGISTER = "/mpesa/transactionstatus/v1/query", "/mpesa/c2b/v2/registerurl"
TOKEN = "/oauth/v1/generate?grant_type=client_credentials"
_SHORTCODE = "4"  # the kind of identifier that PartyA is
_TILL_OR_PAYBILL = "11"


class Keys(Struct, frozen=True, kw_only=True):
    """The account at Safaricom."""

    consumer_key: str
    consumer_secret: str
    shortcode: str
    passkey: str
    till: str = ""  # of a shop that sells goods; without one it is a paybill
    initiator: str = ""
    security_credential: str = ""  # its password, sealed with Safaricom's certificate
    command: Literal["BusinessPayment", "SalaryPayment", "PromotionPayment"] = "BusinessPayment"


def ask_for_token(keys: Keys) -> Request:
    login = b64encode(f"{keys.consumer_key}:{keys.consumer_secret}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "User-Agent": USER_AGENT}
    return Request(method="GET", path=TOKEN, headers=headers)


def push(order: Order, keys: Keys, token: str) -> Request:
    """Put a prompt on a phone."""
    phone = int(order.msisdn.removeprefix("+"))
    kind = "CustomerBuyGoodsOnline" if keys.till else "CustomerPayBillOnline"
    body = _signed(order.at, keys) | {
        "TransactionType": kind,
        "Amount": int(order.amount),
        "PartyA": phone,
        "PartyB": int(keys.till or keys.shortcode),
        "PhoneNumber": phone,
        "CallBackURL": order.callback_url,
        "AccountReference": order.reference,
        "TransactionDesc": order.text,
    }
    return _post(STK, token, body)


def ask_about_push(order: Order, keys: Keys, token: str) -> Request:
    body = _signed(order.at, keys) | {"CheckoutRequestID": order.provider_request_id}
    return _post(STK_QUERY, token, body)


def pay_out(order: Order, keys: Keys, token: str) -> Request:
    body = {
        "OriginatorConversationID": order.id,
        "InitiatorName": keys.initiator,
        "SecurityCredential": keys.security_credential,
        "CommandID": keys.command,
        "Amount": int(order.amount),
        "PartyA": int(keys.shortcode),
        "PartyB": int(order.msisdn.removeprefix("+")),
        "Remarks": order.text,
        "QueueTimeOutURL": order.timeout_url,
        "ResultURL": order.callback_url,
        "Occasion": order.note,
    }
    return _post(B2C, token, body)


def reverse(order: Order, keys: Keys, token: str) -> Request:
    body = {
        "Initiator": keys.initiator,
        "SecurityCredential": keys.security_credential,
        "CommandID": "TransactionReversal",
        "TransactionID": order.refunds,
        "Amount": int(order.amount),
        "ReceiverParty": int(keys.shortcode),
        "RecieverIdentifierType": _TILL_OR_PAYBILL,  # as they spell it
        "QueueTimeOutURL": order.timeout_url,
        "ResultURL": order.callback_url,
        "Remarks": order.text,
        "Occasion": order.note,
    }
    return _post(REVERSAL, token, body)


def ask_about_result(order: Order, originator: str, keys: Keys, token: str) -> Request:
    """Ask about a payout or a reversal. The answer comes to a URL of this question alone.

    `originator` is the OriginatorConversationID: of a payout ours, of a reversal Daraja's.
    """
    body = {
        "Initiator": keys.initiator,
        "SecurityCredential": keys.security_credential,
        "CommandID": "TransactionStatusQuery",
        "OriginatorConversationID": originator,
        "PartyA": int(keys.shortcode),
        "IdentifierType": _SHORTCODE,
        "ResultURL": order.question_url,
        "QueueTimeOutURL": order.timeout_url,
        "Remarks": order.text,
        "Occasion": order.note,
    }
    return _post(STATUS, token, body)


def register_urls(
    keys: Keys, token: str, *, confirmation_url: str, validation_url: str, without_us: bool
) -> Request:
    """Register where payments to an account are told; `without_us`: they go on if we are down."""
    body = {
        "ShortCode": int(keys.shortcode),
        "ResponseType": "Completed" if without_us else "Cancelled",
        "ConfirmationURL": confirmation_url,
        "ValidationURL": validation_url,
    }
    return _post(REGISTER, token, body)


def _signed(at: datetime, keys: Keys) -> dict[str, Any]:
    stamp = at.astimezone(NAIROBI).strftime("%Y%m%d%H%M%S")
    password = b64encode(f"{keys.shortcode}{keys.passkey}{stamp}".encode()).decode()
    return {
        "BusinessShortCode": int(keys.shortcode),
        "Password": password,
        "Timestamp": stamp,
    }


def _post(path: str, token: str, body: Mapping[str, Any]) -> Request:
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
    }
    return Request(method="POST", path=path, headers=headers, body=replies.encode(body))
