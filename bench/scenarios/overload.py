"""More logins and events than a node can take: connected clients should notice little."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from bench.contender import Bench, Running
from bench.goals import Goal
from bench.load import Load
from bench.peers.hoardrun import PATH, Hoardrun
from bench.results import Sample
from bench.scenario import Column, Part, Scenario
from realtime.options import Options
from tests.services.driven import Driven
from tests.services.starving import starved

SHARE = 0.2  # of one core, for the node: clients and stores keep theirs
TIMES = (1, 2, 4, 8)  # the load that the node can take
CALM_EVENTS = 20.0  # announcements a second while logins are too many
CALM_LOGINS = 20.0  # logins a second while events are too many
WINDOW = 40  # logins under way while it is measured what the node can take
BEST_SHARE = 0.8
LOGIN_SECONDS = 2.0
BACK_SECONDS = 10.0
BACK_WITHIN = 60.0
REFUSED, REFUSED_RATE = "a node that is full", 500.0
REFUSAL_US = 200.0
CASES = ("logins", "events")
COLUMNS = (
    ("offered_logins", "logins/s offered", 0),
    ("greeted", "greeted", 0),
    ("refused", "refused", 0),
    ("gave_up", "gave up", 0),
    ("login_p50", "login p50 s", 2),
    ("login_max", "max s", 2),
    ("offered_events", "events/s offered", 0),
    ("deliveries", "deliveries/s", 0),
    ("best_share", "% of the best", 0),
    ("p99_s", "p99 s", 2),
    ("back_s", "all back after s", 1),
    ("refusal_us", "CPU µs a refusal", 0),
)


@dataclass(frozen=True)
class Sizes:
    """The number of sockets and of returning members, and the duration of a load."""

    audience: int
    members: int
    seconds: float
    times: tuple[int, ...]


def _sizes(bench: Bench) -> Sizes:
    return Sizes(50, 20, 3.0, (1, 8)) if bench.quick else Sizes(200, 100, 10.0, TIMES)


@dataclass
class Scene:
    """A starved node, its audience, and the processes that publish and log in."""

    running: Running
    load: Load
    storm: Driven
    sizes: Sizes
    pool: ThreadPoolExecutor

    def hold(self) -> None:
        """Let the members connect, and count events from here on."""
        entry, count = self.running.entry, self.sizes.members
        tokens = list(entry.tokens[self.sizes.audience :])
        held = self.storm.ask("hold", port=entry.port, path=PATH, tokens=tokens, count=count)
        assert held["held"] == count, f"{held} of {count} members are in"
        self.load.begin()

    def load_for(self, *, logins: float, events: float) -> tuple[dict[str, float], list[str]]:
        """Offer logins and events at a rate, then none; return the figures and the problems."""
        self.hold()
        seconds = self.sizes.seconds
        since = time.monotonic_ns()
        publishing = self.pool.submit(self.running.ask, "shower", rate=events, seconds=seconds)
        offered = self.storm.ask("logins", rate=logins, seconds=seconds, cut=True)
        until = since + int(seconds * 1e9)
        fell = time.monotonic()
        count = publishing.result()["count"]
        back = self.storm.ask("back", last=count - 1, patience=BACK_WITHIN)
        received = self.load.finish(count)
        took = time.monotonic() - fell if received.missing else back["seconds"]
        problems = received.problems()
        if back["missing"]:
            problems.append(
                f"{back['missing']} members are not back after {BACK_WITHIN:g} s: {back['out']} "
                f"are not connected, the last has {back['least'] + 1} of {count} events"
            )
        return {
            "offered_logins": offered["offered"],
            "greeted": offered["greeted"],
            "refused": offered["refused"],
            "gave_up": offered["gave_up"] + offered["broken"],
            "login_p50": offered["p50"],
            "login_max": offered["max"],
            "offered_events": count / seconds,
            "deliveries": self.load.between(since, until) / seconds,
            "p99_s": received.p99 / 1000,
            "back_s": took,
        }, problems


@contextmanager
def _scene(bench: Bench) -> Iterator[Scene]:
    sizes = _sizes(bench)
    users = sizes.audience + sizes.members + 2000
    with (
        Impatient().started(bench, users) as running,
        Load(bench.new_folder("load")) as load,
        Driven("bench.storm", log=bench.new_folder("storm") / "log") as storm,
        ThreadPoolExecutor(1) as pool,
    ):
        load.open(running.entry, sizes.audience)
        with starved(running.pids, SHARE):
            yield Scene(running, load, storm, sizes, pool)


def _logins_it_can_take(scene: Scene) -> float:
    """Return the logins a second that the node takes while WINDOW are always under way."""
    scene.hold()
    found = scene.storm.ask("logins", seconds=scene.sizes.seconds / 2, window=WINDOW)
    return float(found["greeted"])


def _events_it_can_take(scene: Scene) -> float:
    """Return the events a second that the node takes if each leaves alone."""
    scene.hold()
    count, spent = max(20, int(scene.sizes.seconds * 5)), scene.running.cpu()
    scene.running.publish(count, CALM_EVENTS)
    scene.load.finish(count, settle=0)
    return SHARE / ((scene.running.cpu() - spent) / count)


def measure(kind: str, bench: Bench, number: int) -> Iterator[Sample]:
    """Offer of one kind once, and up to eight times, what the node can take."""
    with _scene(bench) as scene:
        can = {"logins": _logins_it_can_take, "events": _events_it_can_take}[kind](scene)
        bench.progress(f"  it takes {can:.0f} {kind}/s")
        calm = {"logins": CALM_LOGINS, "events": CALM_EVENTS}
        found: list[tuple[str, dict[str, float], list[str]]] = []
        for times in scene.sizes.times:
            rates = calm | {kind: can * times}
            figures, problems = scene.load_for(**rates)
            found.append((_case(kind, times), figures, problems))
        best = max(figures["deliveries"] for _, figures, _ in found)
        for case, figures, problems in found:
            figures["best_share"] = 100 * figures["deliveries"] / max(best, 1)
            figures["best_to_this"] = best / max(figures["deliveries"], 1)
            yield Sample(case, Hoardrun.name, number, figures, problems)


class Impatient(Hoardrun):
    """hoardrun with the bounds that it has by itself, where the other scenarios are patient."""

    settings = {
        "WS_LOGIN_WAIT_SECONDS": str(Options().login_wait_seconds),
        # All members share an address, as people do not: 100 that are 10,000 events behind would
        # wait for its budget, and not for the node.
        "WS_MAX_REPLAYED_PER_SECOND_PER_ADDRESS": "1000000",
    }


class Full(Hoardrun):
    """hoardrun that has all the sockets it may have, and refuses every further handshake."""

    settings = {"WS_MAX_CONNECTIONS_PER_NODE": "1"}


def refusals(bench: Bench, number: int) -> Iterator[Sample]:
    """Measure the cost of a handshake that a full node refuses."""
    seconds = 1.0 if bench.quick else 5.0
    with (
        Full().started(bench, 1000) as running,
        Load(bench.new_folder("load")) as load,
        Driven("bench.storm", log=bench.new_folder("storm") / "log") as storm,
    ):
        load.open(running.entry, 1)
        tokens = list(running.entry.tokens)
        storm.ask("hold", port=running.entry.port, path=PATH, tokens=tokens, count=0)
        storm.ask("logins", rate=REFUSED_RATE, seconds=0.5)
        spent = running.cpu()
        found = storm.ask("logins", rate=REFUSED_RATE, seconds=seconds)
        refused = found["refused"] * seconds
        figures = {
            "offered_logins": found["offered"],
            "refused": found["refused"],
            "greeted": found["greeted"],
            "refusal_us": (running.cpu() - spent) / max(refused, 1) * 1e6,
        }
        yield Sample(REFUSED, Hoardrun.name, number, figures)


def _case(kind: str, times: int) -> str:
    return f"{kind}, {times} times what it can take"


def _goals() -> Iterator[Goal]:
    for kind in CASES:
        worst = _case(kind, TIMES[-1])
        each = partial(Goal, ours=(worst, Hoardrun.name))
        yield each(f"{kind}: best deliveries to these", "best_to_this", limit=1 / BEST_SHARE)
        yield each(f"{kind}: seconds of an accepted login", "login_max", limit=LOGIN_SECONDS)
        yield each(f"{kind}: seconds until all are back", "back_s", limit=BACK_SECONDS)
    yield Goal("CPU µs of a refusal", "refusal_us", (REFUSED, Hoardrun.name), REFUSAL_US)


SCENARIO = Scenario(
    name="overload",
    summary="1, 2, 4 and 8 times the logins and the events that a node can take",
    parts=[
        *(Part(kind, partial(measure, kind)) for kind in CASES),
        Part("refusals", refusals),
    ],
    columns=[Column(*each) for each in COLUMNS],
    goals=list(_goals()),
    rounds=1,
    notes=[
        f"The node gets {SHARE:.0%} of one core by SIGSTOP and SIGCONT; clients, PostgreSQL and "
        "Redis keep theirs. Strangers log in at the rate that is shown and give up after five "
        "seconds. Members lose their connections as the load begins, and come back as the Python "
        "client does: all are back once each is connected again and has every event.",
        "What the node can take: the logins a second while "
        f"{WINDOW} are always under way, and the events a second that its share of a core is "
        "enough for if each leaves alone.",
    ],
)
