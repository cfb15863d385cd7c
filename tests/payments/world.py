"""The deployment of a run: nodes, workers, stores, the providers, and people with accounts."""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.faults import truth
from tests.faults.cluster import buggy
from tests.faults.proxy import Proxy
from tests.faults.workers import Working
from tests.payments import requests
from tests.payments.plan import GIVEN_BACK, Plan
from tests.services.driven import Driven
from tests.services.process import Process, run_python

TOKEN = "t" * 32  # of the URLs that a provider calls for all payments
PACE = "1000"
OPENING = 50_000_000
# Opens accounts for all users; prints the users with those, and a token of staff.
PREPARE = """
import json, sys
from datetime import timedelta
from django.contrib.auth import get_user_model
from rest_framework_simplejwt.tokens import AccessToken
from hoardrun.ledger.services import account_open
found = json.load(open(%r))
for user in found:
    user["accounts"] = {
        currency: str(account_open(user_id=user["id"], currency=currency, opening_balance=%d).pk)
        for currency in ("UGX", "KES")
    }
staff = get_user_model().objects.create(username="staff", is_staff=True, is_superuser=True)
token = AccessToken.for_user(staff)
token.set_exp(lifetime=timedelta(days=1))
json.dump({"people": found, "staff": str(token)}, sys.stdout)
"""


class World(Working):
    """Nodes and workers, which providers call through a proxy that leads to one node at a time."""

    command, ready = "payments", "hoardrun moves payments"

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.hooks = Proxy(1)
        self.outside = Driven(
            "tests.payments.outside",
            json.dumps({"scale": plan.scale, "silence": plan.silence}),
            log=folder / "outside.log",
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "hoardrun.settings"},
        )
        where = {str(name): str(value) for name, value in self.outside.ask("where").items()}
        port = int(where["MTN_URL"].rpartition(":")[2])
        self.phones = port  # the stub has a page where they pay bills
        self.providers = Proxy(port)
        for name, value in where.items():
            if name.endswith("_URL"):
                where[name] = value.replace(f":{port}", f":{self.providers.port}")
        base = f"http://localhost:{self.hooks.port}"
        env = {**_settings(plan), **where, "PAYMENTS_CALLBACK_URL": base}
        env |= buggy(plan.bug, "tests.payments.bugs.moving")
        super().__init__(
            store=plan.store,
            nodes=plan.nodes if plan.store == "postgres" else 1,
            users=plan.users,
            workers=plan.workers,
            folder=folder,
            env={**env, **plan.env},
        )
        script = PREPARE % (str(self.users), OPENING)
        found = json.loads(self.manage("shell", "-v0", "-c", script))
        self.people, self.staff = found["people"], found["staff"]
        self.outside.ask("call", airtel=_url(base, "airtel"), pawapay=_url(base, "pawapay"))

    def start(self) -> None:
        self.lead_hooks(0)
        super().start()
        self.manage("payments_register", "daraja", "--without-us")

    def lead_hooks(self, node: int) -> None:
        """Have the providers call this node from now on."""
        self.hooks.target = self.nodes[node].proxies["client"].port

    def links(self) -> list[Proxy]:
        return [self.hooks, self.providers, *super().links()]

    def ask_for_all(self) -> Process:
        """Start to ask for all payments of the plan, in an order of chance."""
        wishes = self.plan.wishes()
        random.Random(self.plan.seed).shuffle(wishes)
        return self._send("payments", [requests.payment(each, self.people) for each in wishes])

    def give_back(self) -> Process:
        """Start to ask that some of what was collected is given back."""
        with truth.connected(self.database_url) as query:
            paid = [
                (str(id_), msisdn)
                for id_, msisdn in query(
                    "SELECT id, msisdn FROM payments_providerpayment "
                    "WHERE kind = 'collect' AND state = 'succeeded' ORDER BY created_at"
                )
            ]
        rng = random.Random(self.plan.seed)
        chosen = [
            id_ for id_, msisdn in paid
            if int(msisdn[-2:]) in GIVEN_BACK and rng.random() < self.plan.refunds
        ]  # fmt: skip
        return self._send("refunds", [requests.refund(id_, self.staff) for id_ in chosen])

    def _send(self, name: str, asked: Sequence[Mapping[str, Any]]) -> Process:
        (self.folder / f"{name}.json").write_text(json.dumps(asked))
        ports = [node.proxies["client"].port for node in self.nodes]
        given = {
            "folder": str(self.folder), "name": name, "ports": ports, "phones": self.phones,
            "rate": self.plan.rate,
        }  # fmt: skip
        command = [sys.executable, "-m", "tests.payments.load", json.dumps(given)]
        process = Process(command, log=self.folder / f"load-{name}.log", env=self.env)
        self.producers[name] = process
        return process

    def reconcile(self) -> None:
        """Import the statement of each provider that has one; findings are for the checker."""
        for name in self.outside.ask("statements", folder=str(self.folder))["of"]:
            file = self.folder / f"statement-{name}.csv"
            words = ("manage.py", "statement_import", name, str(file), "--json")
            done = run_python(*words, env=self.env, may_fail=True)
            try:
                refused = json.loads(done.stdout)["refused"]
            except (ValueError, KeyError):
                raise RuntimeError(f"{name}: {done.stderr or done.stdout}") from None
            if refused:
                raise RuntimeError(f"{name}: {refused} payments refuse what its statement says")

    def verified(self) -> list[str]:
        """Return what `ledger_verify` finds, written out."""
        words = ("manage.py", "ledger_verify", "--json")
        done = run_python(*words, env=self.env, may_fail=True)
        found = json.loads(done.stdout)
        listed = [json.dumps(each) for each in found["listed"]]
        if done.returncode and not listed:
            listed = [done.stderr]
        return listed

    def close(self) -> None:
        super().close()
        for proxy in self.links():
            proxy.close()
        self.outside.end()


def _url(base: str, name: str) -> str:
    """Return the URL for all payments of a provider, as docs/payments.md has it made."""
    code = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{base}/hooks/payments/{code}/payment/{TOKEN}"


def _settings(plan: Plan) -> dict[str, str]:
    return {
        "PAYMENTS_TIME_SCALE": f"{plan.scale:g}",
        "PAYMENTS_IN_FLIGHT": "16",
        "PAYMENTS_PAYOUTS_TO": "anybody",
        **{f"{name}_CALLBACK_TOKENS": TOKEN for name in ("DARAJA", "AIRTEL", "PAWAPAY")},
        **{f"{name}_PACE": PACE for name in ("MTN", "DARAJA", "AIRTEL", "PAWAPAY")},
        "WRITE_RATE": "1000000/min",
        "READ_RATE": "1000000/min",
        "STRANGER_RATE": "1000000/min",
        "WEBHOOK_RATE": "1000000/min",
    }
