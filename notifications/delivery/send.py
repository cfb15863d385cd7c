"""Make the call of one claimed delivery, outside any transaction.

Just before the call, the monotonic clock is compared with the lease: a worker that was stopped for
longer gives it back unsent. Nothing here reads or writes a row.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from notifications.channels.message import Answer
from notifications.delivery.claim import Claimed
from notifications.delivery.compose import Composed
from notifications.delivery.outcomes import Result
from realtime.outgoing import Outcome

logger = logging.getLogger(__name__)


def send(claimed: Claimed, composed: Composed, host: str) -> Result:
    """Send a delivery; return how it ended. Never raises."""
    began = time.monotonic()
    if began >= claimed.deadline:
        return result_of(claimed, None, began)
    try:
        answer = claimed.provider.send(composed.message)
    except Exception:  # it promises not to raise; what it did before is not known
        logger.exception("%s raised for delivery %s", claimed.provider.name, claimed.row.pk)
        answer = Answer(outcome=Outcome.UNKNOWN, code="raised")
    return result_of(claimed, answer, began, host=host, composed=composed)


def result_of(
    claimed: Claimed,
    answer: Answer | None,
    began: float,
    *,
    host: str = "",
    composed: Composed | None = None,
    pause_seconds: float = 0.0,
) -> Result:
    """Return the end of a lease; without an answer, one that made no call."""
    return Result(
        delivery_id=claimed.row.pk,
        lease=claimed.row.lease,
        provider=claimed.provider.name,
        host=host,
        worker=claimed.row.worker,
        answer=answer,
        started_at=claimed.claimed_at + timedelta(seconds=began - claimed.monotonic),
        duration_ms=int((time.monotonic() - began) * 1000),
        has_another=claimed.has_another,
        template_version="" if composed is None else composed.template_version,
        locale="" if composed is None else composed.message.content.locale,
        pause_seconds=pause_seconds,
    )
