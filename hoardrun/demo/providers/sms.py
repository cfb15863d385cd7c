"""Africa's Talking and Twilio, as their documentation shows them, with what they report later."""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from email.utils import formatdate
from typing import Any

from hoardrun.demo.providers import literal
from hoardrun.demo.providers.http import Asked, Fake, Told, told
from hoardrun.demo.providers.mood import Trouble
from hoardrun.demo.providers.reports import FORM, Reporter, twilio_signature

_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
# Which network a number belongs to, by how it begins.
_NETWORKS = {"+254": "63902", "+25677": "64110", "+25670": "64101", "+255": "64004"}
_SEGMENT = 160


class AfricasTalking(Fake):
    """`recipients` says with which status code a number is answered; 101 is the default.

    With a reporter, it posts to `reports_url` what became of each; `reports` says of a number how
    that ends, as (status, reason). What somebody sends goes to `inbound_url`.
    """

    def __init__(
        self, username: str, key: str, *, reporter: Reporter | None = None, **more: Any
    ) -> None:
        super().__init__(**more)
        self.username, self.key = username, key
        self.recipients: dict[str, int] = {}
        self.reporter = reporter
        self.reports: dict[str, tuple[str, str]] = {}
        self.reports_url = self.inbound_url = ""

    def answer(self, asked: Asked) -> Told:
        if asked.headers.get("apikey") != self.key:
            return told("africastalking", "unproven")
        if asked.method == "GET" and asked.path == "/version1/user":
            return told("africastalking", "balance")
        if (asked.method, asked.path) != ("POST", "/version1/messaging"):
            return told("africastalking", "nowhere")
        if not asked.headers.get("content-type", "").startswith(FORM):
            return told("africastalking", "no_form")
        form = asked.form()
        missing = {"username": "user", "to": "number", "message": "text"}
        for name, called in missing.items():
            if not form.get(name):
                return told("africastalking", f"{called}_missing")
        if form["username"] != self.username:
            return told("africastalking", "unproven")
        if form.get("from") == "UNKNOWN":
            return told("africastalking", "sender_unknown")
        number = form["to"]
        code = self.recipients.get(number, 101 if _NUMBER.fullmatch(number) else 403)
        given = {"code": code, "number": number, "status": literal.code("africastalking", code)}
        if code not in {100, 101, 102}:
            return told("africastalking", "recipient_refused", **given)
        identifier = secrets.token_hex(16)
        self.ledger.accept(**form, id=f"ATXid_{identifier}")
        self._report(number, f"ATXid_{identifier}")
        return told("africastalking", "sent", id=identifier, **given)

    def _report(self, number: str, identifier: str) -> None:
        if self.reporter is None or not self.reports_url:
            return
        status, reason = self.reports.get(number, ("Success", ""))
        begins = (code for start, code in _NETWORKS.items() if number.startswith(start))
        values = {"id": identifier, "number": number, "network": next(begins, "99999")}
        name = "report_failed" if reason else "report"
        last = literal.form("africastalking", name, status=status, reason=reason, **values)
        first = literal.form("africastalking", "report", status="Sent", **values)
        for count, body in enumerate((first, last), start=1):
            self.reporter.send(self.reports_url, body, {}, number=count)

    def text(self, number: str, text: str) -> int:
        """Send an SMS to the deployment, as the owner of a number does; return the status."""
        if self.reporter is None or not self.inbound_url:
            return 0
        values = {"id": secrets.token_hex(16), "date": formatdate()}
        body = literal.form("africastalking", "inbound", number=number, text=text, **values)
        return self.reporter.post(self.inbound_url, body, {})[0]


class Twilio(Fake):
    """`numbers` says with which error code a number is refused. Keeps what it took, as a list.

    With a reporter, it posts to the callback of each message what became of it; `reports` says of
    a number how that ends, as (status, error code).
    """

    def __init__(
        self, account: str, token: str, *, reporter: Reporter | None = None, **more: Any
    ) -> None:
        super().__init__(**more)
        self.account, self.token = account, token
        self.login = b64encode(f"{account}:{token}".encode()).decode()
        self.numbers: dict[str, int] = {}
        self.state = "active"
        self.reporter = reporter
        self.reports: dict[str, tuple[str, int]] = {}

    def answer(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != f"Basic {self.login}":
            return _refused(20003)
        root = f"/2010-04-01/Accounts/{self.account}"
        if asked.path == f"{root}.json":
            return told("twilio", "account", account=self.account, status=self.state)
        if asked.path != f"{root}/Messages.json":
            return _refused(20404)
        return self._list(asked.query) if asked.method == "GET" else self._create(asked)

    def troubled(self, trouble: Trouble) -> Told:
        codes = {"too_many": 20429, "unroutable": 21612}
        return _refused(codes[trouble]) if trouble in codes else super().troubled(trouble)

    def _create(self, asked: Asked) -> Told:
        is_form = asked.headers.get("content-type", "").startswith(FORM)
        form = asked.form() if is_form else {}
        if not form.get("To"):
            return _refused(21604)
        if not form.get("Body"):
            return _refused(21602)
        if not form.get("From") and not form.get("MessagingServiceSid"):
            return _refused(21603)
        if not 1 <= int(form.get("ValidityPeriod", "1")) <= 14_400:
            return _refused(30036)
        code = self.numbers.get(form["To"], 0 if _NUMBER.fullmatch(form["To"]) else 21211)
        if code:
            return _refused(code)
        message = {
            "sid": f"SM{secrets.token_hex(16)}",
            "to": form["To"],
            "body": form["Body"],
            "status": "queued",
            "num_segments": -(-len(form["Body"]) // _SEGMENT),
            "date_created": formatdate().replace("-0000", "+0000"),
            "error_code": None,
        }
        callback = form.get("StatusCallback")
        self._report(self.ledger.accept(**message, callback=callback, form=form))
        return told("twilio", "sent", account=self.account, **message)

    def _report(self, row: dict[str, Any]) -> None:
        if self.reporter is None or not row["callback"]:
            return
        status, code = self.reports.get(row["to"], ("delivered", 0))
        values = {"sid": row["sid"], "number": row["to"], "account": self.account, "code": code}
        name = "report_failed" if code else "report"
        row["status"], row["error_code"] = status, code or None
        for count, each in enumerate(("sent", status), start=1):
            body = literal.form(
                "twilio", name if each == status else "report", status=each, **values
            )
            self._post(row["callback"], body, count)

    def _post(self, url: str, body: bytes, number: int) -> None:
        if self.reporter is not None:
            signed = {"X-Twilio-Signature": twilio_signature(self.token, url, body)}
            self.reporter.send(url, body, signed, number=number)

    def text(self, url: str, number: str, text: str) -> str:
        """Send an SMS to the deployment, as the owner of a number does; return what it answers."""
        if self.reporter is None:
            return ""
        values = {"sid": f"SM{secrets.token_hex(16)}", "account": self.account}
        body = literal.form("twilio", "inbound", number=number, text=text, **values)
        signed = {"X-Twilio-Signature": twilio_signature(self.token, url, body)}
        return self.reporter.post(url, body, signed)[1].decode()

    def _list(self, query: dict[str, str]) -> Told:
        shape = literal.table()["twilio"]["message"]["json"]
        found = [
            literal.filled(shape, {**row, "account": self.account})
            for row in reversed(self.ledger)
            if row["to"] == query.get("To")
        ]
        text = f'{{"messages": [{", ".join(found)}], "next_page_uri": null}}'
        return Told(200, text.encode(), {"Content-Type": "application/json"})


def _refused(code: int) -> Told:
    status, message = literal.code("twilio", code)
    return told("twilio", "refused", code=code, status=status, message=message)
