"""What the codes of a verdict are called."""

from __future__ import annotations

from collections.abc import Mapping

from realtime.trace.fate import What
from realtime.trace.verdict import Code, Reach

CODES: Mapping[Code, str] = {
    "delivered": "delivered",
    "not_connected": "not connected",
    "slow_reader": "the client read too slowly",
    "filtered": "filtered by its subscription",
    "token_ended": "its login had ended",
    "epoch": "passed over by a new epoch",
    "floor": "trimmed before the device came back",
    "wakeup_lost": "late: the wake-up was lost",
    "node_frozen": "its node stood still or died",
    "waiting": "under way",
    "unknown": "not known",
}
REACHES: Mapping[Reach, str] = {
    "acked": "acknowledged",
    "written": "sent",
    "unknown": "not known whether it arrived",
    "no": "not on the device",
}
FATES: Mapping[What, str] = {
    "written": "sent",
    "replayed": "sent at the login",
    "filtered": "filtered",
    "passed": "passed over",
    "behind": "before its beginning",
    "not_yet": "not reached",
    "hidden": "not known",
}
NOTES: Mapping[str, str] = {
    "live": "began at {before}",
    "replayed": "went on from {before}, replayed up to {to}",
    "anew": "could not go on from {before} ({reason}), began at {to}",
    "resync": "put from {before} to {to} ({reason})",
    "filter": "from {before} on only: {types}",
    "silent": "its node fell silent",
    "forgotten": "more happened than is kept",
}
