"""The page of the phones: what stands on them, and what their owners do."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from hoardrun.demo.providers.http import Asked, Told, as_json
from hoardrun.demo.providers.money.bills import Bills
from hoardrun.demo.providers.money.outcomes import OUTCOMES, End
from hoardrun.demo.providers.money.payment import Payment
from hoardrun.demo.providers.money.processor import Processor
from hoardrun.demo.providers.money.statements import PROVIDERS, statement

MOST = 50
_STATIC = Path(__file__).with_name("static")
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_STATEMENTS = {f"/statements/{name}.csv": name for name in PROVIDERS}
_ACTS: Mapping[str, End] = {"pin": "paid", "wrong": "pin", "cancel": "cancelled"}
_HOSTS = re.compile(r"(localhost|127\.0\.0\.1)(:[0-9]+)?")
_PHONE = re.compile(r"254[17][0-9]{8}")


class Phones:
    """Answers at `/` and below `/phones/`, to pages of this machine alone."""

    def __init__(self, processor: Processor, bills: Bills) -> None:
        self._processor = processor
        self._bills = bills
        self._name = secrets.token_hex(4)  # of this run, as versions begin anew with each

    def answer(self, asked: Asked) -> Told:
        if not _HOSTS.fullmatch(asked.headers.get("host", "")):
            return Told(421)
        match (asked.method, asked.path):
            case ("GET", "/"):
                return _file("phones.html")
            case ("GET", "/phones.css" | "/phones.js"):
                return _file(asked.path[1:])
            case ("GET", "/phones/state"):
                return self._state(asked.query.get("version", ""))
            case ("GET", path) if path in _STATEMENTS:
                return self._statement(_STATEMENTS[path])
            case ("POST", "/phones/act" | "/phones/bill") if _is_json(asked):
                found = asked.object()
                return self._act(found) if asked.path == "/phones/act" else self._bill(found)
        return Told(404)

    def _state(self, version: str) -> Told:
        """Return the payments, newest first; 204 if nothing has changed since a version."""
        current = f"{self._name}-{self._processor.store.version}"
        if version == current:
            return Told(204)
        now, ours = self._processor.now(), list(self._processor.store.payments)
        shown = [self._shown(each, now) for each in reversed(ours[-MOST:])]
        outcomes = [{"digits": f"{digits:02}", "title": s.title} for digits, s in OUTCOMES.items()]
        return as_json(200, {"version": current, "payments": shown, "outcomes": outcomes})

    def _shown(self, payment: Payment, now: float) -> dict[str, Any]:
        stands = payment.standing(now)
        pace = self._processor.agenda.clock.pace
        ends = payment.began + next(t.after for t in payment.turns if not t.is_forged)
        return {
            "key": f"{payment.provider} {payment.id}",
            "provider": payment.provider,
            "kind": payment.kind,
            "number": payment.number,
            "amount": f"{payment.amount:f}",
            "currency": payment.currency,
            "text": payment.note if payment.provider == "daraja" else payment.text,
            "receipt": payment.receipt,
            "outcome": payment.outcome.title,
            "stands": stands,
            "is_asked": payment.kind == "collect" and stands == "waiting",
            "is_ignored": payment.is_ignored,
            "at": time.time() - (now - payment.began) * pace,
            "until": time.time() + (ends - now) * pace,
        }

    def _statement(self, provider: str) -> Told:
        body = statement(provider, self._processor.store.of(provider), self._processor.now())
        attached = f'attachment; filename="{provider}.csv"'
        return Told(200, body, {"Content-Type": "text/csv", "Content-Disposition": attached})

    def _act(self, body: Mapping[str, Any]) -> Told:
        provider, _, name = str(body.get("key")).partition(" ")
        payment, act = self._processor.store.known(provider, name, "collect"), body.get("act")
        if payment is None or (act != "ignore" and act not in _ACTS):
            return as_json(404, {"message": "There is no such prompt."})
        if payment.standing(self._processor.now()) != "waiting":
            return as_json(409, {"message": "The prompt is no longer on the phone."})
        if act == "ignore":
            self._processor.store.ignore(payment)
        else:
            self._processor.end(payment, _ACTS[str(act)])
        return Told(204)

    def _bill(self, body: Mapping[str, Any]) -> Told:
        number, account = str(body.get("number")), str(body.get("account")).strip()
        try:
            amount = Decimal(str(body.get("amount")))
        except InvalidOperation:
            amount = Decimal(0)
        if not _PHONE.fullmatch(number):
            return as_json(400, {"message": "A number of M-Pesa is 254712345678, or 2541…"})
        if not account or len(account) > 20:
            return as_json(400, {"message": "An account has 1 to 20 letters or digits."})
        if not amount.is_finite() or not 1 <= amount <= 250_000 or amount != round(amount, 2):
            return as_json(400, {"message": "An amount is from 1 to 250,000."})
        return as_json(200, {"message": self._bills.pay(number, account, amount)})


def _file(name: str) -> Told:
    kind = _TYPES[name.rpartition(".")[2]]
    headers = {
        "Content-Type": f"{kind}; charset=utf-8",
        "Cache-Control": "no-store",
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
    }
    return Told(200, (_STATIC / name).read_bytes(), headers)


def _is_json(asked: Asked) -> bool:
    """Say whether a body is JSON: a page of elsewhere would have to ask first, and may not."""
    return asked.headers.get("content-type", "").split(";")[0].strip() == "application/json"
