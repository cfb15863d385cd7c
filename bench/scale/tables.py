"""The tables of `python -m bench scale`, as plain text that is Markdown too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from math import inf
from typing import NamedTuple

from bench.report import aligned
from bench.scale.catalogue import UNITS
from bench.scale.deployment import ASSUMPTIONS, Deployment
from bench.scale.incidents import Failover, Incident, Rolling, failover, incidents, rolling
from bench.scale.limits import Carried, carried, met
from bench.scale.needs import Needs, needs
from bench.scale.units import Units

AT_ONCE = 0.05  # share of the nodes that a large deployment replaces at a time


class Found(NamedTuple):
    """The calculated results of one deployment."""

    deployment: Deployment
    needs: Needs
    incidents: Sequence[Incident]
    failover: Failover
    one_by_one: Rolling
    some_at_once: Rolling


class Answer(NamedTuple):
    """The calculated results of one run of the command."""

    units: Units
    sizes: Sequence[Found]
    carried: Sequence[Carried]


def calculate(
    units: Units,
    deployment: Deployment,
    sizes: Sequence[int],
    seed: int,
    minutes: Sequence[int] | None = None,
) -> Answer:
    """Calculate a deployment for each of these numbers of users, and what one of each carries.

    It plays these minutes, by default a day.
    """
    found = []
    for users in sizes:
        of = replace(deployment, users=users)
        need = needs(units, of, seed, minutes)
        found.append(
            Found(
                of,
                need,
                incidents(units, of, need, seed),
                failover(units, of, need),
                rolling(units, of, need, 0.0),
                rolling(units, of, need, AT_ONCE),
            )
        )
    return Answer(units, found, carried(units, deployment, seed))


def number(value: float) -> str:
    """Write a figure with three digits that count."""
    if value == inf:
        return "never"
    if value == 0:
        return "0"
    if abs(value) >= 100:
        rounded = float(f"{value:.3g}")
        return f"{rounded:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.1g}"


def exact(value: float) -> str:
    return f"{value:,.0f}"


def share(value: float) -> str:
    return "never" if value == inf else f"{value:.0%}"


def _needed(
    heading: str, rows: Sequence[tuple[str, Callable[[Found], str]]], sizes: Sequence[Found]
) -> str:
    head = [heading, *(f"{found.deployment.users:,} users" for found in sizes)]
    return aligned([head, *([name, *(show(found) for found in sizes)] for name, show in rows)])


def units_table(answer: Answer) -> str:
    """Show the unit costs with where they were measured."""
    rows = [["unit cost", "", "measured", "commit", "rounds"]]
    for unit in UNITS:
        stored = answer.units.measured.get(unit.name)
        if stored is not None:
            short = " (short)" if stored.quick else ""
            rows.append(
                [
                    unit.what,
                    unit.measure,
                    number(stored.value),
                    stored.commit,
                    f"{stored.rounds}{short}",
                ]
            )
    return aligned(rows)


def machine(answer: Answer) -> str:
    """Say on which machines, and when, the unit costs were measured."""
    found = sorted(
        {(each.machine, each.measured_at[:10]) for each in answer.units.measured.values()}
    )
    return "\n".join(f"- {name}, {day}" for name, day in found)


def assumptions(answer: Answer) -> str:
    """List what is assumed, with the options that change it."""
    of = answer.sizes[0].deployment
    rows = [["option", "value", "what is assumed"]]
    for each in fields(of):
        if each.name == "users":
            continue
        value = getattr(of, each.name)
        rows.append([f"`--{each.name.replace('_', '-')}`", f"{value:,g}", ASSUMPTIONS[each.name]])
    return aligned(rows, right=(1,))


def one_of_each(answer: Answer) -> str:
    """Show how many users one of each carries, and the next step."""
    rows = [["one of each carries", "users", "the step after it"]]
    rows += [[each.limit.name, number(each.users), each.limit.step] for each in answer.carried]
    return aligned(rows, right=(1,))


def limits_met(answer: Answer) -> str:
    """Show which limits each size goes beyond, the first one first."""
    rows = [["users", "first limit", "then"]]
    for found in answer.sizes:
        beyond = met(list(answer.carried), found.deployment.users)
        names = [each.limit.name for each in beyond]
        first = names[0] if names else "none"
        rows.append([f"{found.deployment.users:,}", first, "; ".join(names[1:]) or "–"])
    return aligned(rows, right=())


def sizes(answer: Answer) -> str:
    """Show what each size needs."""
    return _needed(
        "in the busiest minute",
        [
            ("sockets", lambda f: number(f.needs.busiest.minute.sockets)),
            ("logins a second", lambda f: number(f.needs.busiest.minute.logins / 60)),
            (
                "events of own streams a second",
                lambda f: number(f.needs.busiest.minute.events / 60),
            ),
            ("rows of a mailing a second", lambda f: number(f.needs.busiest.minute.mailed / 60)),
            ("cores of all nodes", lambda f: number(f.needs.busiest.nodes)),
            ("**nodes**, a core each", lambda f: exact(f.needs.nodes)),
            ("– because of", lambda f: f.needs.nodes_why),
            (
                "– sockets of each",
                lambda f: number(f.needs.busiest.minute.sockets / f.needs.nodes),
            ),
            ("– busy", lambda f: share(f.needs.node_busy)),
            ("– busy with a zone away", lambda f: share(f.needs.node_busy_zone_lost)),
            ("– MiB of each", lambda f: number(f.needs.node_mib)),
            ("– GiB of all", lambda f: number(f.needs.node_mib * f.needs.nodes / 1024)),
            ("cores of PostgreSQL", lambda f: number(f.needs.postgres_cores)),
            ("**PostgreSQL**", lambda f: exact(f.needs.postgres)),
            ("– because of", lambda f: f.needs.postgres_why),
            ("– busy", _postgres_busy),
            ("– rows read a second to miss nothing", lambda f: number(f.needs.busiest.rows_read)),
            ("– rows of the log written a second", lambda f: number(f.needs.busiest.rows_written)),
            ("– sessions without a pooler", lambda f: exact(f.needs.sessions)),
            ("cores of Redis", lambda f: number(f.needs.redis_cores)),
            ("**Redis**", lambda f: exact(f.needs.redis)),
            ("– busy", lambda f: share(f.needs.redis_cores / f.needs.redis)),
            ("– MiB of groups", lambda f: number(f.needs.redis_mib)),
            ("publishers of a mailing", lambda f: exact(f.needs.publishers)),
        ],
        answer.sizes,
    )


def _postgres_busy(found: Found) -> str:
    need = found.needs
    return share(need.postgres_cores / need.postgres / found.deployment.postgres_cores)


def wakeups(answer: Answer) -> str:
    """Show wake-ups sent to followers only, and to all nodes."""
    return _needed(
        "wake-ups a second in the busiest minute",
        [
            ("published to Redis", lambda f: number(f.needs.only_followers.published)),
            ("read by nodes, only followers told", lambda f: number(f.needs.only_followers.read)),
            ("– cores of Redis", lambda f: number(f.needs.only_followers.redis_cores)),
            ("read by nodes, all told of all", lambda f: number(f.needs.to_all.read)),
            ("– cores of Redis", lambda f: number(f.needs.to_all.redis_cores)),
            ("– share of each node's core for it", lambda f: share(f.needs.to_all_busy)),
            ("– nodes from which that takes more CPU", lambda f: exact(f.needs.crossing)),
        ],
        answer.sizes,
    )


def log(answer: Answer) -> str:
    """Show the rows of the log and retention."""
    return _needed(
        "the log",
        [
            ("rows a day", lambda f: number(f.needs.rows_a_day)),
            ("rows kept", lambda f: number(f.needs.rows_kept)),
            ("TiB on disk, with indexes", lambda f: number(f.needs.log_tib)),
            ("GiB of WAL a day", lambda f: number(f.needs.wal_gib_a_day)),
            ("seconds of one retention run, of 600", lambda f: number(f.needs.retention_seconds)),
        ],
        answer.sizes,
    )


def coming_back(answer: Answer) -> str:
    """Show how long all take to come back."""
    names = [each.name for each in answer.sizes[-1].incidents]

    def back(found: Found, name: str) -> str:
        each = next((each for each in found.incidents if each.name == name), None)
        if each is None:
            return "–"
        return f"{number(each.back.most)} s / {number(each.back.all)} s"

    def refused(found: Found, name: str) -> str:
        each = next((each for each in found.incidents if each.name == name), None)
        return "–" if each is None else f"{number(each.back.refused)}, {each.back.by}"

    rows: list[tuple[str, Callable[[Found], str]]] = []
    for name in names:
        rows.append((f"{name}: 99 % back / all back", lambda f, name=name: back(f, name)))  # type: ignore[misc]
        rows.append(("– handshakes refused, bound by", lambda f, name=name: refused(f, name)))  # type: ignore[misc]
    rows += [
        ("failover with a new epoch: snapshots", lambda f: number(f.failover.snapshots)),
        ("– seconds of CPU on each node", lambda f: number(f.failover.node_seconds)),
        ("– seconds until all have one", lambda f: number(f.failover.seconds)),
        (
            "rolling deployment, one node at a time: minutes",
            lambda f: number(f.one_by_one.seconds / 60),
        ),
        ("– a twentieth at a time: minutes", lambda f: number(f.some_at_once.seconds / 60)),
        ("– logins a second meanwhile", lambda f: number(f.some_at_once.logins)),
        ("– nodes that stay, busy", lambda f: share(f.some_at_once.node_busy)),
    ]
    return _needed("when clients have noticed", rows, answer.sizes)


BLOCKS: Mapping[str, Callable[[Answer], str]] = {
    "carries": one_of_each,
    "limits": limits_met,
    "sizes": sizes,
    "wakeups": wakeups,
    "log": log,
    "back": coming_back,
    "assumptions": assumptions,
    "units": units_table,
    "machine": machine,
}
TITLES = {
    "carries": "What one of each carries",
    "limits": "Limits that each size goes beyond",
    "sizes": "What is needed",
    "wakeups": "Wake-ups",
    "log": "The log",
    "back": "Coming back",
    "assumptions": "Assumed",
    "units": "Measured unit costs",
    "machine": "Measured on",
}


def text(answer: Answer) -> str:
    """Write all tables."""
    return "\n\n".join(f"# {TITLES[name]}\n\n{block(answer)}" for name, block in BLOCKS.items())
