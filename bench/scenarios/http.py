"""Compare a probe and a hot read with plain DRF views, by their cost and their waits."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from statistics import median

from bench import processes
from bench.contender import Bench, Spent
from bench.goals import Goal, against
from bench.peers import drf
from bench.peers.drf import Site
from bench.results import Sample, quantile
from bench.scenario import Column, Part, Scenario
from tests.services import environment

WARM_UP = 20  # requests that are not counted
# The requests, and the path of each where DRF's differs. Lists are asked for 20 rows.
PROBES = ("/healthz", "/readyz")
HOT = {
    "/api/v1/auth/me": "",
    "/api/v1/notifications?limit=20": "/api/v1/notifications",
    "/api/v1/notifications/summary": "",
    "/api/v1/transactions?limit=20": "/api/v1/transactions",
    "/api/v1/accounts": "",
    "/api/v1/quotes": "",
    "/api/v1/snapshot": "",
}
RATE, SOCKETS, CONNECTIONS = 200, 50, 8


def requests(
    name: str, started: Callable[[Bench], AbstractContextManager[Site]], bench: Bench, number: int
) -> Iterator[Sample]:
    """Send each request some hundred times over one connection, one after the other."""
    is_ours = name == "hoardrun"
    with started(bench) as site:
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
        for path in PROBES if is_ours else PROBES[:1]:
            yield _sample(bench, site, connection, path, path, name, number, 2000)
        for path, theirs in HOT.items():
            asked = path if is_ours or not theirs else theirs
            yield _sample(bench, site, connection, path, asked, name, number, 300)


def _sample(
    bench: Bench, site: Site, connection: http.client.HTTPConnection, case: str, asked: str,
    name: str, number: int, count: int,
) -> Sample:  # fmt: skip
    count = count // 10 if bench.quick else count
    headers = {} if case in PROBES else {"Authorization": f"Bearer {site.token}"}
    waits: list[float] = []
    size, problems, before = 0, [], _spent(bench, site)
    redis = bench.stores.redis_cpu()
    for turn in range(-WARM_UP, count):
        if turn == 0:
            before, redis = _spent(bench, site), bench.stores.redis_cpu()
            waits.clear()
        began = time.perf_counter()
        connection.request("GET", asked, headers=headers)
        answer = connection.getresponse()
        size = len(answer.read())
        waits.append(time.perf_counter() - began)
        if answer.status != 200:
            problems = [f"answered {answer.status}"]
    figures = _spent(bench, site).since(before).figures("ms", 1000 / count)
    figures |= {"wait_ms": median(waits) * 1000, "kib": size / 1024}
    figures["redis_us"] = (bench.stores.redis_cpu() - redis) / count * 1e6
    return Sample(case, name, number, figures, problems)


def _spent(bench: Bench, site: Site) -> Spent:
    return Spent(processes.cpu_seconds(site.pid), bench.stores.postgres_cpu())


def under_load(bench: Bench, number: int) -> Iterator[Sample]:
    """Ping over 50 sockets alone, then while 200 hot reads a second run."""
    seconds = 3.0 if bench.quick else 10.0
    with drf.hoardrun(bench) as site:
        for rate in (0, RATE):
            case = f"{SOCKETS} sockets ping, {rate} requests a second"
            before = _spent(bench, site)
            took, answered, problems = _pinged(site, rate, seconds)
            used = _spent(bench, site).since(before)
            figures = {
                "rate": answered / seconds,
                "core": used.server / seconds * 100,
                "ping_p50_ms": median(took),
                "ping_p99_ms": quantile(took, 0.99),
                "ping_max_ms": max(took),
            }
            yield Sample(case, "hoardrun", number, figures, problems)


def _pinged(site: Site, rate: int, seconds: float) -> tuple[list[float], int, list[str]]:
    """Return the milliseconds of the pings, how many requests were answered, and what failed."""
    arguments = [str(site.port), "/ws/notifications", str(SOCKETS), str(seconds)]
    pinger = subprocess.Popen(
        [sys.executable, "-m", "bench.pinger", *arguments],
        stdout=subprocess.PIPE,
        env=os.environ | {"TOKEN": site.token},
        cwd=environment.ROOT,
        text=True,
    )
    try:
        assert pinger.stdout is not None
        pinger.stdout.readline()  # it is ready
        load = _Load(site, rate, seconds)
        load.run()
        took: list[float] = json.loads(pinger.stdout.readline())
        pinger.wait(30)
        return took, load.answered, load.problems
    finally:
        pinger.kill()
        pinger.wait()


class _Load:
    """Sends the hot reads in turn at a rate; a late answer delays no other connection's request."""

    def __init__(self, site: Site, rate: int, seconds: float) -> None:
        self.answered = 0
        self.problems: list[str] = []
        self._site = site
        self._began = time.monotonic()
        self._due = iter([(number / rate, number) for number in range(int(rate * seconds))])
        self._ends = self._began + seconds
        self._lock = threading.Lock()

    def run(self) -> None:
        """Send until the time is over."""
        threads = [threading.Thread(target=self._work) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self) -> None:
        paths = list(HOT)
        headers = {"Authorization": f"Bearer {self._site.token}"}
        connection = http.client.HTTPConnection("127.0.0.1", self._site.port, timeout=60)
        while True:
            with self._lock:
                due, number = next(self._due, (None, 0))
            if due is None or time.monotonic() >= self._ends:
                return
            time.sleep(max(0.0, self._began + due - time.monotonic()))
            connection.request("GET", paths[number % len(paths)], headers=headers)
            answer = connection.getresponse()
            answer.read()
            with self._lock:
                self.answered += 1
                if answer.status != 200 and not self.problems:
                    self.problems.append(f"answered {answer.status}")


def _requests_of(name: str, started: Callable[[Bench], AbstractContextManager[Site]]) -> Part:
    is_ours = name == "hoardrun"
    return Part(
        name,
        lambda bench, number: requests(name, started, bench, number),
        (lambda: None) if is_ours else drf.missing,
    )


SCENARIO = Scenario(
    name="http",
    summary="probes and hot reads beside plain DRF under gunicorn, and sockets meanwhile",
    parts=[
        _requests_of("hoardrun", drf.hoardrun),
        _requests_of("plain DRF", drf.plain),
        Part("sockets", under_load),
    ],
    columns=[
        Column("server_ms", "server CPU ms", 2),
        Column("postgres_ms", "PostgreSQL CPU ms", 2),
        Column("wait_ms", "ms to the answer, p50", 2),
        Column("kib", "KiB of answer"),
        Column("rate", "requests a second", 0),
        Column("core", "% of a core"),
        Column("ping_p50_ms", "ping p50 ms", 2),
        Column("ping_p99_ms", "ping p99 ms", 2),
        Column("ping_max_ms", "ping max ms", 1),
    ],
    goals=[
        *(
            Goal(f"server CPU of {path}, ms", "server_ms", (path, "hoardrun"), 0.3)
            for path in PROBES
        ),
        *(
            against("plain DRF", f"server CPU of {path}", path, "server_ms", 0.5)
            for path in HOT
            if not path.endswith("/me")
        ),
        Goal("p99 of a ping, ms, while 200 requests a second run", "ping_p99_ms",
             (f"{SOCKETS} sockets ping, {RATE} requests a second", "hoardrun"), 20),
    ],
    notes=[
        "One customer with 200 transactions, 500 notifications and 20 quotes, on PostgreSQL, one "
        "process each, one request after the other. hoardrun also counts each request against "
        "the limits, in Redis, and checks that the login has not ended; the plain endpoints do "
        "neither. What hoardrun does by itself in between is part of it."
    ],
)  # fmt: skip
