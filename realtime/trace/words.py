"""What the codes of a verdict are called."""

from __future__ import annotations

from collections.abc import Mapping

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
