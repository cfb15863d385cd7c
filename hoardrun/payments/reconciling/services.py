"""Close findings."""

from __future__ import annotations

from hoardrun.payments.reconciling.choices import FINDINGS
from hoardrun.payments.reconciling.errors import FindingClosed, FindingNotFound
from hoardrun.payments.reconciling.models import Match
from notifications.validation import why_given
from realtime import clock
from realtime.core.text import row_id
from realtime.log_context import request_id
from realtime.retry import one_transaction

MAY_CLOSE = "payments.change_match"


@one_transaction
def finding_close(*, match_id: int | str, why: str, by: int) -> Match:
    """Close a finding, with the reason. It moves no money. Raises Refused."""
    why = why_given(why)
    found = Match.objects.select_for_update(no_key=True).filter(what__in=FINDINGS)
    row = found.filter(pk=row_id(match_id)).first()
    if row is None:
        raise FindingNotFound(str(match_id)[:20])
    if row.closed_at is not None:
        raise FindingClosed(row.pk)
    row.closed_at, row.closed_by_id, row.closed_why = clock.now(), by, why
    row.closed_request_id = request_id()
    row.save(update_fields=["closed_at", "closed_by", "closed_why", "closed_request_id"])
    return row
