"""The deployment of a run: nodes, stores, people with alerts, and a venue that plays a session."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

from tests.faults import truth as rows
from tests.faults.cluster import Node, buggy
from tests.faults.proxy import Proxy
from tests.faults.workers import Working
from tests.market import session
from tests.market.plan import Plan
from tests.market.watch import watch
from tests.services.ports import free_port, wait_until
from tests.services.process import Process

LEADING_SECONDS = 60.0
# Creates alerts, in turn for all users. On a slow machine prices may have been there before.
ALERTS = """
import contextlib, json
from hoardrun.market.alerts.errors import AlreadyTrue
from hoardrun.market.alerts.services import alert_create
users, chosen = json.load(open(%r))
for number, wish in enumerate(chosen):
    with contextlib.suppress(AlreadyTrue):
        alert_create(user_id=users[number %% len(users)], **wish)
"""
# Has an instrument with prices of many decimals beside those of the catalogue.
INSTRUMENTS = """
from hoardrun.market.models import Instrument
from hoardrun.market.services import instruments_ensure
instruments_ensure()
Instrument.objects.get_or_create(symbol="SHIB-USD", defaults={
    "name": "Shiba Inu", "type": "crypto", "currency": "USD", "base": "SHIB", "decimals": 8})
"""
LEASES_IN_ALL = 2  # of the source, and of the engine
_LEASES = "SELECT name, holder, epoch FROM market_lease WHERE expires_at > "
LEASES = _LEASES + "statement_timestamp()"
LEASES_ON_SQLITE = _LEASES + "strftime('%Y-%m-%d %H:%M:%f', 'now')"


class Leader(NamedTuple):
    """A process that leads."""

    holder: str
    epoch: int

    @property
    def pid(self) -> int:
        return int(self.holder.split(":")[1])


class Leaderless(NamedTuple):
    """A time without a leader, and why."""

    what: str
    seconds: float


class World(Working):
    """Nodes that reach the venue through proxies: one for its socket, one for its HTTP API."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.recording = folder / "session.jsonl"
        session.write(self.recording, plan)
        port = free_port()
        self._venue_port = port
        self.socket, self.api = Proxy(port), Proxy(port)
        env = {
            "MARKET_SOURCES": "kraken",
            "MARKET_KRAKEN_URL": f"ws://127.0.0.1:{self.socket.port}",
            "MARKET_KRAKEN_API_URL": f"http://127.0.0.1:{self.api.port}",
            "MARKET_TIME_SCALE": f"{plan.scale:g}",
            **buggy(plan.bug, "tests.market.bugs.engine"),
            **plan.env,
        }
        super().__init__(
            store=plan.store,
            nodes=plan.nodes if plan.store == "postgres" else 1,
            users=plan.users,
            workers=0,
            folder=folder,
            env=env,
        )
        self.manage("shell", "-v0", "-c", INSTRUMENTS)
        self.venue: Process | None = None
        self.leaderless: list[Leaderless] = []
        self.armed: dict[int, int] = {}  # by alert: at which of the venue's moments

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.market.venue", str(self.recording)]
        command += [str(self._venue_port), f"{self.plan.scale:g}"]
        self.venue = Process(command, log=self.folder / "venue.log", env=self.env)
        self.venue.until(self._answers, seconds=60, what="the venue answers")
        watch(self.database_url)
        super().start()
        self.until_all_led()

    def create_alerts(self) -> None:
        """Create the alerts of the plan, and wait until the engine has armed them all."""
        file = self.folder / "alerts.json"
        position = int(self.ask_venue("state")["position"])
        chosen = session.wishes(self.recording, self.plan, position)
        file.write_text(json.dumps([self.user_ids, chosen]))
        self.manage("shell", "-v0", "-c", ALERTS % str(file))
        pending = "SELECT count(*) FROM market_pricealert WHERE state = 'pending'"
        wait_until(
            lambda: not rows.counted(self.database_url, pending),
            seconds=30,
            what="all alerts are armed",
        )

    def leaders(self) -> dict[str, Leader]:
        """Return who leads, for each lease that is in force."""
        with rows.connected(self.database_url) as query:
            found = list(query(LEASES_ON_SQLITE if self.store == "sqlite" else LEASES))
        return {name: Leader(holder, epoch) for name, holder, epoch in found}

    def until_all_led(self) -> dict[str, Leader]:
        """Wait until the source and the engine have leaders that live; return them."""
        wait_until(self._all_led, seconds=LEADING_SECONDS, what="somebody leads everything")
        return self.leaders()

    def _all_led(self) -> bool:
        leaders = self.leaders().values()
        return len(leaders) == LEASES_IN_ALL and all(self._node_of(each.pid) for each in leaders)

    def until_led(self, name: str, before: Leader, since: float) -> float:
        """Wait until another leads; return how long it took since a moment."""

        def is_led() -> bool:
            leader = self.leaders().get(name)
            return leader is not None and leader != before

        wait_until(is_led, seconds=LEADING_SECONDS, what=f"another leads {name}")
        return time.monotonic() - since

    def node_of(self, pid: int) -> Node:
        """Return the node that has this process id."""
        found = self._node_of(pid)
        assert found is not None, pid
        return found

    def _node_of(self, pid: int) -> Node | None:
        for node in self.nodes:
            if node.server is not None and node.server.running and node.server.pid == pid:
                return node
        return None

    def ask_venue(self, path: str) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self._venue_port}/replay/{path}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def _answers(self) -> bool:
        try:
            return bool(self.ask_venue("state"))
        except OSError:
            return False

    def links(self) -> list[Proxy]:
        return [self.socket, self.api, *super().links()]

    def close(self) -> None:
        super().close()
        if self.venue is not None:
            self.venue.kill()
        for proxy in self.links():
            proxy.close()
