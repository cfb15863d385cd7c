"""The people of a run: their addresses, habits and wishes, and the cluster that serves them."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from signal import SIGCONT, SIGTERM
from typing import Any

from notifications.channels.push.vapid import new_private_key
from tests.centre import evidence
from tests.centre.plan import Plan
from tests.centre.telling import Telling
from tests.faults.cluster import Cluster, through
from tests.faults.proxy import Proxy
from tests.services.driven import Driven
from tests.services.process import Process

BUGGY_SETTINGS = "tests.centre.bugs.settings"
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


class Centre(Cluster):
    """Nodes and stores as `tests.faults` has them, workers that deliver, and producers of ours."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.hooks = Proxy(1)
        base = f"http://127.0.0.1:{self.hooks.port}"
        vapid = new_private_key()
        given: dict[str, Any] = {"folder": str(folder), "seed": plan.seed, "vapid": vapid}
        given |= {"base": base, "troubles": plan.troubles, "shown": plan.shown}
        self.outside = Driven(
            "tests.centre.outside", json.dumps(given), log=folder / "outside.log",
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "hoardrun.settings"},
        )  # fmt: skip
        self.workers: dict[str, Process] = {}
        self._workers_begun = 0
        self._starting: list[str] = []  # workers that may not deliver yet
        self.providers: dict[str, Proxy] = {}  # what workers reach them through
        env = {**_settings(plan), **self._behind(self.outside.ask("where"))}
        env["PUBLIC_BASE_URL"] = base
        env |= {"VAPID_PRIVATE_KEY": vapid, "VAPID_SUBJECT": "mailto:ops@acme.example"}
        if plan.bug:
            env |= {"DJANGO_SETTINGS_MODULE": BUGGY_SETTINGS, "HOARDRUN_BUG": plan.bug}
        super().__init__(
            store=plan.store,
            nodes=plan.nodes if plan.store == "postgres" else 1,
            users=plan.users,
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
        super().start()
        self.hooks.target = self.nodes[0].proxies["client"].port
        for _ in range(self.plan.workers):
            self.hire()
        self.until_delivering()

    def until_delivering(self) -> None:
        """Wait until all workers deliver: before that, SIGTERM ends one at once."""
        while self._starting:
            name = self._starting.pop()
            process = self.workers[name]
            process.until(
                lambda: "hoardrun delivers" in process.log(),  # noqa: B023 called within the turn
                seconds=60,
                what=f"worker {name} delivers",
            )

    def hire(self) -> str:
        """Start a worker; return its name."""
        self._workers_begun += 1
        name, env = f"w{self._workers_begun}", self.env
        if self.delivering is not None and self._workers_begun % PROXIED == 0:
            url = through(env["DATABASE_URL"], self.delivering.port)
            env = env | {"DATABASE_URL": url}
        self.workers[name] = Process(
            [sys.executable, "manage.py", "deliver"],
            log=self.folder / f"worker-{name}.log",
            env=env,
        )
        self._starting.append(name)
        return name

    def dismiss(self, name: str, *, kill: bool) -> None:
        """End a worker: by SIGTERM, or in the middle of what it does."""
        process = self.workers.pop(name)
        if kill:
            process.kill()
        elif process.stop(seconds=30):
            raise RuntimeError(f"worker {name} failed:\n{process.tail()}")

    def mend(self) -> None:
        """Bring back all that is down or stopped, whatever a fault has left behind."""
        for store in (self.postgres, self.redis):
            if store is not None:
                store.thaw()
                if not store.is_running:
                    store.start()
        for proxy in self.links():
            proxy.heal()
        for node in self.nodes:
            if node.server is not None and node.server.running:
                node.signal(SIGCONT)
            else:
                node.start()
        for name, process in list(self.workers.items()):
            process.signal(SIGCONT)
            if process.exit_code is not None:
                del self.workers[name]
        self._starting = [name for name in self._starting if name in self.workers]
        for _ in range(self.plan.workers - len(self.workers)):
            self.hire()
        self.until_delivering()

    def links(self) -> list[Proxy]:
        """Return all proxies."""
        found = [self.hooks, *self.providers.values()]
        found += [each for each in (self.publishing, self.delivering) if each is not None]
        return found + [proxy for node in self.nodes for proxy in node.proxies.values()]

    def rest(self) -> None:
        """Let all workers finish their calls and go."""
        self.until_delivering()
        for process in self.workers.values():
            process.signal(SIGTERM)
        # Not by `stop`: a second SIGTERM would kill a program that is about to end.
        for name in list(self.workers):
            self.workers.pop(name).until_ended(seconds=30)

    def worker_of(self, pid: int) -> Process | None:
        """Return the worker that has this process id."""
        return next((one for one in self.workers.values() if one.pid == pid), None)

    def _producer(self, name: str, env: Mapping[str, str], **plan: Any) -> Process:
        plan = {
            "folder": str(self.folder), "name": name, "world": str(self.world),
            "mix": self.plan.mix, "changes": self.plan.changes, **plan,
        }  # fmt: skip
        command = [sys.executable, "-m", "tests.centre.load", json.dumps(plan)]
        return Process(command, log=self.folder / f"producer-{name}.log", env=env)

    def producing(self) -> bool:
        ledgers = [self.folder / f"load-{name}.jsonl" for name in self.producers]
        return all(ledger.exists() and ledger.stat().st_size for ledger in ledgers)

    def close(self) -> None:
        for process in self.workers.values():
            process.kill()
        super().close()
        for proxy in self.links():
            proxy.close()
        self.outside.end()

    def problems(self) -> list[str]:
        found = super().problems()
        for log in sorted(self.folder.glob("worker-*.log")):
            text = log.read_text(errors="replace")
            if (at := text.find("Traceback (most recent call last)")) >= 0:
                found.append(f"{log.stem}: {text[max(0, at - 300) : at + 1500]}")
        return found


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
