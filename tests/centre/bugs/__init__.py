"""Bugs that are put into the product, to see whether the checker finds them.

As in `tests.faults.bugs`, whose patching they use: the product knows nothing of them, and a patch
whose target is gone fails loudly.
"""

from __future__ import annotations

from tests.centre.plan import Plan
from tests.services.proof.plan import Bug


def _scene(name: str, **fields: object) -> Plan:
    given = {"scene": name, "workers": 1, "nodes": 1, "devices": 18, "scale": 60.0, "troubles": {}}
    return Plan(**given | fields)  # type: ignore[arg-type]


def _chance(kind: str, **fields: object) -> Plan:
    given = {
        "notifications": 60, "workers": 1, "nodes": 1, "devices": 18, "scale": 60.0,
        "producers": 1, "rate": 20.0, "mix": {kind: 1.0}, "changes": 0.0, "troubles": {},
    }  # fmt: skip
    return Plan(**given | fields)  # type: ignore[arg-type]


_bug = Bug[Plan]
PIN, DEVICE = "security.pin_changed", "security.new_device"
FREEZE = _scene("freeze", workers=2, shown=0.0)

BUGS = {
    bug.name: bug
    for bug in [
        # deciding
        _bug("no-last-look", "what was decided is sent, whatever has happened since",
             "needless", _scene("queue", workers=0)),
        _bug("ack-across-epochs", "offsets of before a restore count", "missed",
             _scene("restore", shown=0.0)),
        _bug("hidden-counts", "a desktop that somebody has left counts as reached", "missed",
             _chance(DEVICE, shown=0.0)),
        _bug("digest-without-index", "a second digest opens beside an open one", "doubled",
             _scene("volley", scale=10.0)),
        _bug("quiet-in-utc", "quiet hours are taken for UTC", "wrong_time",
             _scene("volley", scale=10.0)),
        _bug("wish-of-event-time", "what was chosen at the time of the event counts", "unwanted",
             _scene("wish", scale=2.0)),
        _bug("suppression-ignored", "a required SMS goes to a suppressed number", "needless",
             _scene("stop")),
        _bug("ladder-after-commit", "ladders begin after the commit", "missed unexplained",
             _chance("transaction.debit", nemeses=("producer-kill",), faults=4)),
        # sending
        _bug("lease-without-number", "each lease has the number of the first",
             "unexplained doubled", FREEZE),
        _bug("outcome-uncompared", "an outcome is written over that of a later lease",
             "doubled unexplained", FREEZE),
        _bug("doubt-forgotten", "what may have left ends as never sent", "unexplained",
             _scene("lost", shown=0.0)),
        _bug("gone-deletes-new", "an old 410 removes an address that is registered again",
             "missed", _scene("reregister", lease=30.0)),
        _bug("failover-on-unknown", "the next provider is tried though the first may have sent",
             "doubled", _chance(PIN, troubles={"twilio": {"accept_and_drop": 0.3}})),
        _bug("receipt-sets-state", "the newest report is the state", "unexplained",
             _chance(PIN)),
    ]
}  # fmt: skip
