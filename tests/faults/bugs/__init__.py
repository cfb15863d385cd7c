"""Bugs that are put into the product, to see whether the checker finds them.

The product knows nothing of them: `settings` adds an application whose start patches one
thing, named first in HOARDRUN_BUG. A patch whose target is gone fails loudly.
"""

from __future__ import annotations

from tests.faults.run import Plan
from tests.services.proof.plan import Bug


def _plan(*nemeses: str, faults: int = 4, patience: float = 8.0, **fields: object) -> Plan:
    return Plan(
        nemeses=nemeses, faults=faults, nodes=2, clients=30, producers=2, patience=patience,
        **fields,  # type: ignore[arg-type]
    )  # fmt: skip


_bug = Bug[Plan]
DROP = _plan("clients-drop")
QUIET = _plan("clients-drop", "redis-flushall", faults=2)
UNRECONCILED = {"WS_RECONCILE_SECONDS": "3600"}
BEHIND = "late stuck lost"

BUGS = {
    bug.name: bug
    for bug in [
        # writing
        _bug("sequence", "offsets drawn outside the stream's lock", "log_gap missing lost", DROP),
        _bug("committed-apart", "the event in a transaction of its own", "phantom rows", DROP),
        _bug("early-wake-up", "wake-ups before the commit", "phantom content", DROP),
        _bug("no-key", "idempotency keys ignored", "doubled", DROP),
        _bug("half-a-batch", "the last event of a batch is not stored", "missing partial", QUIET),
        _bug("wrong-stream", "now and then another user's stream", "wrong_user", QUIET),
        # waking up
        _bug("wrong-group", "wake-ups go to the group of another stream", BEHIND, _plan(
            "redis-flushall", faults=2, env=UNRECONCILED)),
        _bug("replay-before-join", "heads read before the groups are joined", BEHIND, _plan(
            "node-kill", faults=5, rate=6.0, patience=4.0, env=UNRECONCILED)),
        _bug("no-reconcile", "silence is taken for proof", BEHIND, _plan(
            "redis-freeze", "redis-kill", faults=3, rate=3.0)),
        _bug("deaf-hub", "the hub stops to hear after a while", BEHIND, _plan(
            "clients-drop", faults=2, env=UNRECONCILED)),
        # writing to sockets
        _bug("twice", "each event twice to sockets that named a device", "doubled", DROP),
        _bug("swapped", "two events of one turn swapped on the wire", "reordered gap", DROP),
        _bug("wrong-socket", "an event also to a socket of somebody else", "wrong_user", QUIET),
        _bug("wrong-login", "two users are taken for each other", "wrong_user", QUIET),
        _bug("filter-first", "a filter changes, and only then what came before it is spread",
             "gap lost", _plan("filters-burst", faults=12)),
        _bug("full-socket", "what a full socket refuses is forgotten", "gap lost", _plan(
            "readers-stall", faults=3)),
        # resuming
        _bug("one-page", "a replay ends after one page of the log", "gap lost", _plan(
            "node-freeze", "clients-drop", faults=6)),
        _bug("resync-silent", "a device that cannot resume is told nothing", "gap lost content",
             _plan("epoch-bump", "clients-drop", faults=4)),
        _bug("resync-needless", "after a trim, whoever is behind is told to resynchronise",
             "resync", _plan("trim-kill", "clients-drop", faults=10)),
        _bug("failover-unseen", "a standby that lags is taken for the primary",
             "content phantom", _plan("standby-promote", faults=2)),
        # logging in
        _bug("no-door", "each login begins at once, however many there are", "problem", _plan(
            "cpu-starve", faults=1)),
        # acknowledgements and retention
        _bug("ack-ahead", "an ack moves the cursor to the head", "cursor gap lost", DROP),
        _bug("ack-lost", "acked is said before it is stored", "cursor", DROP),
        _bug("floor", "a trim that does not move the floor", "log_gap", _plan(
            "trim-kill", faults=5)),
    ]
}  # fmt: skip
