"""Africa's Talking and Twilio, as their documentation shows them."""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from email.utils import formatdate
from typing import Any

from hoardrun.demo.providers.http import Asked, Fake, Told, as_json

_NUMBER = re.compile(r"\+[1-9]\d{6,14}")


class AfricasTalking(Fake):
    """`recipients` says with which status code a number is answered; 101 is the default."""

    def __init__(self, username: str, key: str) -> None:
        super().__init__()
        self.username, self.key = username, key
        self.recipients: dict[str, int] = {}

    def answer(self, asked: Asked) -> Told:
        if asked.headers.get("apikey") != self.key:
            return Told(401, b"The supplied authentication is invalid")
        if asked.method == "GET" and asked.path == "/version1/user":
            return as_json(200, {"UserData": {"balance": "KES 1785.50"}})
        if (asked.method, asked.path) != ("POST", "/version1/messaging"):
            return Told(404, b"The requested resource could not be found.")
        form = asked.form()
        for name in ("username", "to", "message"):
            if not form.get(name):
                return Told(400, f"Request is missing required form field '{name}'".encode())
        if form["username"] != self.username:
            return Told(401, b"The supplied authentication is invalid")
        if form.get("from") == "UNKNOWN":
            return _sent("InvalidSenderId", [])
        code = self.recipients.get(form["to"], 101 if _NUMBER.fullmatch(form["to"]) else 403)
        is_accepted = code in {100, 101, 102}
        recipient: dict[str, Any] = {
            "statusCode": code,
            "number": form["to"],
            "status": "Success" if is_accepted else "Failed",
            "cost": "KES 0.8000" if is_accepted else "0",
            "messageId": f"ATXid_{secrets.token_hex(16)}" if is_accepted else "None",
        }
        if is_accepted:
            self.ledger.append({**form, "id": recipient["messageId"]})
        return _sent(f"Sent to {int(is_accepted)}/1 Total Cost: KES 0.8000", [recipient])


def _sent(text: str, recipients: list[dict[str, Any]]) -> Told:
    return as_json(201, {"SMSMessageData": {"Message": text, "Recipients": recipients}})


class Twilio(Fake):
    """`numbers` says with which error code a number is refused. Keeps what it took, as a list."""

    def __init__(self, account: str, token: str) -> None:
        super().__init__()
        self.account = account
        self._login = f"Basic {b64encode(f'{account}:{token}'.encode()).decode()}"
        self.numbers: dict[str, int] = {}
        self.state = "active"

    def answer(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != self._login:
            return _problem(401, 20003)
        root = f"/2010-04-01/Accounts/{self.account}"
        if asked.path == f"{root}.json":
            return as_json(200, {"sid": self.account, "status": self.state})
        if asked.path != f"{root}/Messages.json":
            return _problem(404, 20404)
        return self._list(asked.query) if asked.method == "GET" else self._create(asked.form())

    def _create(self, form: dict[str, str]) -> Told:
        if not form.get("To"):
            return _problem(400, 21604)
        if not form.get("Body"):
            return _problem(400, 21602)
        if not form.get("From") and not form.get("MessagingServiceSid"):
            return _problem(400, 21603)
        if not 1 <= int(form.get("ValidityPeriod", "1")) <= 14_400:
            return _problem(400, 21608)
        code = self.numbers.get(form["To"], 0 if _NUMBER.fullmatch(form["To"]) else 21211)
        if code:
            return _problem(429 if code == 20429 else 400, code)
        message = {
            "sid": f"SM{secrets.token_hex(16)}",
            "to": form["To"],
            "body": form["Body"],
            "status": "queued",
            "num_segments": "1",
            "date_created": formatdate().replace("-0000", "+0000"),
            "error_code": None,
        }
        self.ledger.append({**message, "callback": form.get("StatusCallback"), "form": form})
        return as_json(201, message)

    def _list(self, query: dict[str, str]) -> Told:
        found = [
            {name: row[name] for name in ("sid", "to", "body", "status", "num_segments",
                                          "date_created", "error_code")}
            for row in reversed(self.ledger)
            if row["to"] == query.get("To")
        ]  # fmt: skip
        return as_json(200, {"messages": found, "next_page_uri": None})


def _problem(status: int, code: int) -> Told:
    info = f"https://www.twilio.com/docs/errors/{code}"
    return as_json(
        status, {"code": code, "message": "refused", "more_info": info, "status": status}
    )
