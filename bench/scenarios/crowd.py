"""As many sockets as a process or a machine holds: their cost, and the return of all."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from bench import processes
from bench.contender import Bench
from bench.opening import Entry, Plan
from bench.peers.hoardrun import GREETED, PATH, installation
from bench.results import Sample
from bench.scenario import Column, Part, Scenario
from realtime.servers import descriptors
from tests.services import environment
from tests.services.driven import Driven
from tests.services.server import Server

ONE, SEVERAL = "one process", "several processes"
MOST = 19_800  # of one process, unless it may hold fewer
MACHINE, WORKERS = 50_000, 4
UNEVEN = 1.06  # the busiest worker to the mean
OF_A_CLIENT = 14_000  # sockets of one process of clients
WARM_UP = 100  # sockets of each process before the first look at its memory
WINDOW = 100  # handshakes under way at once for each process, until all are there
RATE, CALM_SECONDS, WATCHED_SECONDS, SETTLE_SECONDS = 5, 10, 10.0, 4.0
MISSED = 20  # messages after a kill
PATIENCE_SECONDS = 180.0


class Crowds:
    """Several processes of clients, told the same at the same time."""

    def __init__(self, bench: Bench, workers: int, ending: ExitStack) -> None:
        self._bench = bench
        self._window = WINDOW * workers
        self.clients: list[Driven] = []
        self._ending = ending
        self.grow(1)
        self.threads = ending.enter_context(ThreadPoolExecutor(64))

    def grow(self, count: int) -> None:
        """Start further processes."""
        for _ in range(count):
            log = self._bench.new_folder("crowd") / "client.log"
            self.clients.append(self._ending.enter_context(Driven("bench.crowd", log=log)))

    def open(self, port: int, tokens: Sequence[str], clients: Sequence[Driven]) -> float:
        """Open a socket for each token, evenly over some processes, and wait for all."""

        def one(place: int) -> dict[str, Any]:
            own = tokens[place :: len(clients)]
            number = 2 * self.clients.index(clients[place])
            sources = [f"127.0.1.{number + 1}", f"127.0.1.{number + 2}"]
            window = max(1, self._window // len(clients))
            entry = Entry(port, [PATH], own, [GREETED], window, sources)
            plan = Plan(**vars(entry), sockets=len(own), stuck=0, patience=PATIENCE_SECONDS)
            return clients[place].ask("open", within=PATIENCE_SECONDS + 10, **asdict(plan))

        began = time.monotonic()
        list(self.threads.map(one, range(len(clients))))
        return time.monotonic() - began

    def ask(self, verb: str, **options: Any) -> list[dict[str, Any]]:
        """Ask all, and wait for all answers."""
        return list(
            self.threads.map(lambda each: each.ask(verb, within=300, **options), self.clients)
        )


def measure(name: str, bench: Bench, number: int) -> Iterator[Sample]:
    """Open the crowd, watch it, send it a little, and kill what serves it."""
    if bench.workers is not None and (bench.workers == 1) != (name == ONE):
        return
    workers = 1 if name == ONE else (2 if bench.quick else WORKERS)
    workers = bench.workers or workers
    room = _room(workers)
    wanted = 400 if bench.quick else min(MOST, room) if name == ONE else MACHINE
    sockets = bench.sockets or wanted
    case = f"{name}: {sockets:,} sockets"
    if sockets > room:
        yield Sample(case, name, number, {}, [_says(sockets, workers, room)])
        return
    made = installation(bench, sockets)
    env = {**made.env, **environment.unlimited(), "WS_LOGIN_WAIT_SECONDS": "0.25"}
    with ExitStack() as ending:
        server = ending.enter_context(Server(env=env, workers=workers, migrate=False))
        log = bench.new_folder("publisher") / "log"
        publisher = ending.enter_context(
            Driven("bench.peers.hoardrun_publisher", log=log, env=server.env)
        )
        crowds = Crowds(bench, workers, ending)
        first = min(sockets // 4, WARM_UP * workers)
        crowds.open(server.port, made.tokens[:first], crowds.clients)
        before = _memory(server)
        crowds.grow(math.ceil(sockets / OF_A_CLIENT))
        seconds = crowds.open(server.port, made.tokens[first:sockets], crowds.clients[1:])
        bench.progress(f"  {sockets:,} sockets on {workers} process(es) after {seconds:.0f} s")
        after = _memory(server)
        more = sockets - first
        cpu = processes.cpu_seconds(server.pid)
        watched = WATCHED_SECONDS / (4 if bench.quick else 1)
        time.sleep(watched)
        idle = (processes.cpu_seconds(server.pid) - cpu) / watched
        figures = {
            "sockets": sockets,
            "processes": workers,
            "kib": (after["Rss"] - before["Rss"]) / more,
            "pss_kib": (after["Pss"] - before["Pss"]) / more,
            "mib": after["Pss"] / 1024,
            "opened_s": seconds,
            "idle_percent": idle * 100,
            "idle_us": idle / sockets * 1e6,
        }
        url, problems = made.env["DATABASE_URL"], []

        def publish(count: int, rate: float) -> None:
            publisher.ask("publish", kind="announcement", count=count, rate=rate)

        messages = RATE * CALM_SECONDS // (5 if bench.quick else 1)
        crowds.ask("begin", base=_head(url))
        cpu = processes.cpu_seconds(server.pid)
        publish(messages, RATE)
        found = crowds.ask("finish", count=messages, settle=0.2)
        figures["calm_us"] = (processes.cpu_seconds(server.pid) - cpu) / messages / sockets * 1e6
        figures["calm_p50_ms"] = max(each["p50"] for each in found)
        figures["calm_p99_ms"] = max(each["p99"] for each in found)
        problems += _wrong("calm", found, ("missing", "doubled", "reordered", "surplus"))

        def killed(
            what: str, kill: Callable[[], Any], least: int, then: Callable[[], Any] = bool
        ) -> None:
            crowds.ask("begin", base=_head(url))
            cpu, since = processes.cpu_seconds(server.pid), time.monotonic()
            pid = server.pid
            kill()
            publishing = crowds.threads.submit(publish, MISSED, MISSED)
            then()
            publishing.result()
            back = crowds.ask("back", count=MISSED, since=since, patience=PATIENCE_SECONDS)
            spent = processes.cpu_seconds(server.pid) - (cpu if server.pid == pid else 0)
            lost = sum(each["lost"] for each in back)
            figures[f"{what}_lost"] = lost
            figures[f"{what}_connected_s"] = max(each["connected"] for each in back)
            figures[f"{what}_back_s"] = max(each["seconds"] for each in back)
            figures[f"{what}_cpu_s"] = spent
            figures[f"{what}_refused"] = sum(each["refused"] for each in back)
            problems.extend(_wrong(what, back, ("absent", "missing", "doubled", "reordered")))
            if lost < least:
                problems.append(f"{what}: only {lost} sockets were cut off")
            bench.progress(f"  {what}: {lost:,} back in {figures[f'{what}_back_s']:.0f} s")

        if workers > 1:
            killed("one", lambda: os.kill(_busiest(server), signal.SIGKILL), 1)

        killed("all", server.kill, sockets, server.start)
        yield Sample(case, name, number, figures, problems)


def _room(workers: int) -> int:
    """Return the number of sockets that `workers` processes hold here, spread almost evenly."""
    each = descriptors.room()
    return each if workers == 1 else int(each * workers / UNEVEN)


def _says(sockets: int, workers: int, room: int) -> str:
    limit = descriptors.room() + descriptors.SPARE
    enough = math.ceil(sockets * UNEVEN / descriptors.room())
    return (
        f"{sockets:,} sockets are more than {workers} process(es) can hold: each may open "
        f"{limit:,} files (ulimit -Hn), which is enough for {room:,} sockets; "
        f"take --workers {enough}, or raise that limit"
    )


def _memory(server: Server) -> dict[str, int]:
    time.sleep(SETTLE_SECONDS)
    return {kind: processes.memory_kib(server.pid, kind) for kind in ("Pss", "Rss")}


def _head(url: str) -> int:
    """Return the offset of the last announcement."""
    with psycopg.connect(url) as connection:
        asked = "SELECT head FROM realtime_stream WHERE name = 'announcements'"
        row = connection.execute(asked).fetchone()
    assert row is not None
    return int(row[0])


def _busiest(server: Server) -> int:
    """Return the worker with the most descriptors, which is one that has sockets."""
    workers = [pid for pid in processes.tree(server.pid) if pid != server.pid]
    return max(workers, key=lambda pid: len(list(Path(f"/proc/{pid}/fd").iterdir())))


def _wrong(what: str, found: Sequence[dict[str, Any]], kinds: Sequence[str]) -> list[str]:
    sums = {kind: sum(each[kind] for each in found) for kind in kinds}
    return [f"{what}: {count} {kind}" for kind, count in sums.items() if count]


def _return_of(killed: str) -> list[Column]:
    return [
        Column(f"{killed}_lost", f"{killed} killed: cut off", 0),
        Column(f"{killed}_connected_s", "connected, s"),
        Column(f"{killed}_back_s", "caught up, s"),
        Column(f"{killed}_cpu_s", "CPU s"),
        Column(f"{killed}_refused", "refused", 0),
    ]


SCENARIO = Scenario(
    name="crowd",
    summary="19,800 sockets on one process and 50,000 on four; all back after a kill",
    parts=[
        Part(ONE, partial(measure, ONE)),
        Part(SEVERAL, partial(measure, SEVERAL)),
    ],
    columns=[
        Column("sockets", "sockets", 0),
        Column("processes", "processes", 0),
        Column("kib", "KiB a socket"),
        Column("pss_kib", "by PSS"),
        Column("mib", "MiB in all", 0),
        Column("opened_s", "s to open", 0),
        Column("idle_percent", "idle, % of a core"),
        Column("idle_us", "idle, µs a second and socket"),
        Column("calm_us", "calm, CPU µs a delivery", 2),
        Column("calm_p50_ms", "p50 ms", 0),
        Column("calm_p99_ms", "p99 ms", 0),
        *_return_of("one"),
        *_return_of("all"),
    ],
    goals=[],
    notes=[
        "Each socket is a user of its own, with a JWT, that user's stream and the announcements. "
        f"Calm is {RATE} announcements a second to all of them. Memory is what the sockets beyond "
        f"the first {WARM_UP} of each process add; PSS counts shared pages once.",
        f"A kill is SIGKILL; {MISSED} announcements follow it within a second. Clients come back "
        "by themselves, as the Python client does, and go on after the last one that they have. "
        "Times count from the kill, the start of the new process included, until the last one "
        "is connected, and until each has each announcement. Refused are handshakes with 503, or "
        "without a listener.",
    ],
    rounds=1,
)
