"""The people of a run: their addresses, habits and wishes, and the cluster that serves them."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from notifications.channels.push.vapid import new_private_key
from tests.centre import evidence
from tests.centre.plan import Plan
from tests.centre.telling import Telling
from tests.faults.cluster import buggy, through
from tests.faults.proxy import Proxy
from tests.faults.workers import Working
from tests.services.driven import Driven
from tests.services.process import Process

BUGS = ("tests.centre.bugs.deciding", "tests.centre.bugs.sending")
PROXIED = 4  # one worker of so many reaches the database through a proxy
ZONES = ("Africa/Kampala", "Africa/Kampala", "Africa/Nairobi", "Europe/Paris", "Asia/Kolkata")
# One process, as each takes seconds to start: addresses, the URLs of webhooks, a token of staff.
PREPARE = """
import json, sys
from datetime import timedelta
from django.contrib.auth.models import User
from rest_framework_simplejwt.tokens import AccessToken
from notifications.addresses.values import address_hash
from notifications.hooks import tokens
from notifications.models import Address, Preference
from realtime import clock
now = clock.now()
rows, wishes = [], []
for user in json.load(open(%r)):
    for one in user["addresses"]:
        rows.append(Address(
            user_id=user["id"], channel=one["channel"], service=one.get("service", ""),
            value=one["value"], hash=address_hash(one["channel"], one["value"]),
            keys=one.get("keys"), device=one.get("device", ""), state="verified",
            created_at=now, touched_at=now, verified_at=now))
    wishes.append(Preference(user_id=user["id"], version=1, zone=user["zone"], updated_at=now))
Address.objects.bulk_create(rows)
Preference.objects.bulk_create(wishes)
staff = User.objects.create(username="staff", is_staff=True, is_superuser=True)
token = AccessToken.for_user(staff)
token.set_exp(lifetime=timedelta(days=1))
def hook(provider, *topic):
    return tokens.hook_url(provider, tokens.hook_token(provider), *topic)
json.dump({
    "talking": hook("africastalking", "reports"), "staff": str(token),
    "words": {"texts": hook("twilio", "inbound"), "mails": hook("email")},
}, sys.stdout)
"""


class Centre(Working):
    """Nodes and stores as `tests.faults` has them, workers that deliver, and producers of ours."""

    command, ready = "deliver", "hoardrun delivers"

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.lease_seconds = plan, plan.lease
        self.hooks = Proxy(1)
        base = f"http://127.0.0.1:{self.hooks.port}"
        vapid = new_private_key()
        given: dict[str, Any] = {"folder": str(folder), "seed": plan.seed, "vapid": vapid}
        given |= {"base": base, "troubles": plan.troubles, "shown": plan.shown}
        self.outside = Driven(
            "tests.centre.outside", json.dumps(given), log=folder / "outside.log",
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "hoardrun.settings"},
        )  # fmt: skip
        self.providers: dict[str, Proxy] = {}  # what workers reach them through
        env = {**_settings(plan), **self._behind(self.outside.ask("where"))}
        env["PUBLIC_BASE_URL"] = base
        env |= {"VAPID_PRIVATE_KEY": vapid, "VAPID_SUBJECT": "mailto:ops@acme.example"}
        env |= buggy(plan.bug, *BUGS)
        super().__init__(
            store=plan.store,
            nodes=plan.nodes if plan.store == "postgres" else 1,
            users=plan.users,
            workers=plan.workers,
            folder=folder,
            env={**env, **plan.env},
        )
        # Some workers reach PostgreSQL through a proxy, as all nodes do.
        self.delivering = None if self.postgres is None else Proxy(self.postgres.port)
        self.people = self._people()
        self.world = folder / "world.json"
        self.world.write_text(json.dumps(self.people))
        found = json.loads(self.manage("shell", "-v0", "-c", PREPARE % str(self.world)))
        self.staff = found.pop("staff")
        self.telling = Telling(folder, found.pop("words"), self.env["TWILIO_AUTH_TOKEN"])
        self.outside.ask("hooks", **found)
        evidence.keep(self.database_url)

    def _behind(self, where: Mapping[str, str]) -> dict[str, str]:
        """Put a proxy before each provider; return where the workers find those."""
        found = dict(where)
        for name in ("PUSH_URL", "TWILIO_URL", "AFRICASTALKING_URL", "EMAIL_PORT"):
            port = int(found[name].rpartition(":")[2])
            proxy = self.providers[name.partition("_")[0].lower()] = Proxy(port)
            found[name] = found[name].replace(str(port), str(proxy.port))
        # Workers are told of no push service: the endpoints of subscriptions lead to it.
        self.outside.ask("behind", push=found.pop("PUSH_URL"))
        return found

    def _people(self) -> list[dict[str, Any]]:
        """Give each user a zone, and most of them all addresses.

        Every second one is plain: never changes anything, so that the checker knows what is wanted.
        """
        tokens = json.loads(self.users.read_text())
        made = iter(self.outside.ask("subscribe", count=len(tokens))["subscriptions"])
        people = []
        for number, user in enumerate(tokens):
            addresses: list[dict[str, Any]] = [
                {"channel": "email", "value": f"user{user['id']}@example.org"}
            ]
            one = next(made)
            if number % 7 != 5:
                push = {"channel": "push", "service": "web", "value": one["endpoint"]}
                addresses.append(push | {"keys": one["keys"], "device": f"browser-{user['id']}"})
            if number % 10 != 7:
                addresses.append({"channel": "sms", "value": f"+2567{72000000 + user['id']}"})
            people.append(
                user
                | {
                    "addresses": addresses,
                    "plain": number % 2 == 0,
                    "zone": ZONES[number % len(ZONES)],
                }
            )
        return people

    def start(self) -> None:
        self.hooks.target = self.nodes[0].proxies["client"].port
        super().start()

    def worker_env(self, number: int) -> Mapping[str, str]:
        if self.delivering is None or number % PROXIED:
            return self.env
        url = through(self.env["DATABASE_URL"], self.delivering.port)
        return self.env | {"DATABASE_URL": url}

    def links(self) -> list[Proxy]:
        found = [self.hooks, *self.providers.values(), *super().links()]
        return found if self.delivering is None else [*found, self.delivering]

    def _producer(self, name: str, env: Mapping[str, str], **plan: Any) -> Process:
        plan = {
            "folder": str(self.folder), "name": name, "world": str(self.world),
            "mix": self.plan.mix, "changes": self.plan.changes, **plan,
        }  # fmt: skip
        command = [sys.executable, "-m", "tests.centre.load", json.dumps(plan)]
        log = self.folder / f"producer-{name}.log"
        return Process(command, log=log, env=env, may_fork=True)

    def producing(self) -> bool:
        ledgers = [self.folder / f"load-{name}.jsonl" for name in self.producers]
        return all(ledger.exists() and ledger.stat().st_size for ledger in ledgers)

    def close(self) -> None:
        super().close()
        for proxy in self.links():
            proxy.close()
        self.outside.end()


class Devices(Driven):
    """One process with devices of the users; see `devices.Devices`."""

    def __init__(self, centre: Centre, name: str, first: int, count: int) -> None:
        urls = [node.url for node in centre.nodes]
        plan = {"folder": str(centre.folder), "name": name, "urls": urls, "seed": centre.plan.seed}
        plan |= {"world": str(centre.world), "first": first, "count": count}
        log = centre.folder / f"devices-{name}.log"
        super().__init__("tests.centre.devices", json.dumps(plan), log=log, env=os.environ)


@contextlib.contextmanager
def peopled(plan: Plan, folder: Path) -> Iterator[tuple[Centre, list[Devices]]]:
    """Start everything but the producers."""
    with contextlib.closing(Centre(plan, folder)) as centre, contextlib.ExitStack() as stack:
        centre.start()
        devices = [
            stack.enter_context(Devices(centre, f"d{first}", first, min(150, plan.devices - first)))
            for first in range(0, plan.devices, 150)
        ]
        yield centre, devices


def _settings(plan: Plan) -> dict[str, str]:
    return {
        "ESCALATION_TIME_SCALE": f"{plan.scale:g}",
        "DELIVERY_LEASE_SECONDS": f"{plan.lease:g}",
        "SMS_PROVIDERS": "twilio,africastalking",
        "SMS_COUNTRIES": "UG",
        "SMS_PER_NUMBER_PER_DAY": "10000",
        "SMS_PER_USER_PER_DAY": "10000",
        "SMS_PACE": "1000",
        "EMAIL_PACE": "1000",
        "EMAIL_SECURITY": "none",
        "EMAIL_FROM": "Acme <alerts@acme.example>",
        "PUSH_PACE": "1000",
        "WS_MAX_CONNECTIONS_PER_USER": "50",
        "WRITE_RATE": "1000000/min",
        "STRANGER_RATE": "1000000/min",
        "WEBHOOK_RATE": "1000000/min",
        "READ_RATE": "1000000/min",
    }
