"""Bugs that are put into the product, to see whether the checker finds them.

The product knows nothing of them: `settings` adds an application whose start patches one
thing, named by HOARDRUN_BUG. A patch whose target is gone fails loudly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.run import Plan


@dataclass(frozen=True)
class Bug:
    """One bug, and the run that must find it."""

    name: str
    summary: str
    plan: Plan = field(default_factory=lambda: _plan("clients-drop", "node-kill"))


def _plan(*nemeses: str, faults: int = 4, **fields: object) -> Plan:
    return Plan(
        nemeses=nemeses, faults=faults, nodes=2, clients=30, producers=2, patience=8.0,
        **fields,  # type: ignore[arg-type]
    )  # fmt: skip


def _all(bugs: Sequence[Bug]) -> dict[str, Bug]:
    return {bug.name: bug for bug in bugs}


DROP = _plan("clients-drop")
LAYER = _plan(
    "redis-flushall", "redis-client-kill", "link-reset", env={"WS_RECONCILE_SECONDS": "2"}
)
QUIET = _plan("clients-drop", "redis-flushall", faults=2)

BUGS = _all(
    [
        Bug("sequence", "offsets drawn outside the stream's lock", DROP),
        Bug("committed-apart", "the event in a transaction of its own", DROP),
        Bug("early-wake-up", "wake-ups before the commit", DROP),
        Bug("no-key", "idempotency keys ignored", DROP),
        Bug("half-a-batch", "the last event of a batch is not stored", QUIET),
        Bug("wrong-stream", "now and then another user's stream", QUIET),
        Bug("replay-before-join", "heads read before the groups are joined", _plan(
            "clients-drop", "node-kill", faults=6, env={"WS_RECONCILE_SECONDS": "3600"})),
        Bug("no-dedupe", "what is behind is delivered again", _plan(
            "redis-client-kill", "redis-kill", "clients-drop", faults=6)),
        Bug("no-holes", "holes are delivered over instead of read", LAYER),
        Bug("no-reconcile", "silence is taken for proof", _plan(
            "redis-freeze", "redis-kill", faults=3, rate=3.0)),
        Bug("deaf-hub", "the hub stops to hear after a while", _plan(
            "clients-drop", faults=2, env={"WS_RECONCILE_SECONDS": "3600"})),
        Bug("resume-early", "resume begins one too early", DROP),
        Bug("resume-late", "resume begins one too late", DROP),
        Bug("one-page", "a replay ends after one page of the log", _plan(
            "node-freeze", "clients-drop", faults=3)),
        Bug("newest-page", "catching up keeps only the newest events", _plan(
            "redis-kill", "redis-freeze", faults=3)),
        Bug("full-socket", "events that a full socket refused are forgotten", _plan(
            "clients-drop", "node-freeze", faults=4)),
        Bug("ack-ahead", "an ack moves the cursor to the head", DROP),
        Bug("ack-lost", "acked is said before it is stored", DROP),
        Bug("floor", "a trim that does not move the floor", _plan("trim-kill", faults=5)),
        Bug("resync-silent", "a device that cannot resume is told nothing", _plan(
            "epoch-bump", "clients-drop", faults=4)),
        Bug("swapped", "two events of one turn swapped on the wire", DROP),
        Bug("wrong-socket", "an event also to a socket of somebody else", QUIET),
    ]
)  # fmt: skip
