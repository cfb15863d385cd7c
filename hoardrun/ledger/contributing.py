"""What the ledger adds to the trace of an event: which move it tells of, and by whom."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from hoardrun.ledger.messages import TransactionUpdate
from hoardrun.ledger.models import TransactionMove
from realtime.core.text import row_id
from realtime.models import Event
from realtime.trace import contributors
from realtime.trace.moments import stamp
from realtime.trace.report import Entry

NAME = "ledger"
RIGHT = "ledger.view_transactionmove"


class _Data(msgspec.Struct):
    id: str
    status: str


class _Event(msgspec.Struct):
    data: _Data


_decoder = msgspec.json.Decoder(_Event)


def register() -> None:
    """Add the ledger to the trace."""
    contributors.register(NAME, of_event=of_event, right=RIGHT)


def of_event(stream: str, event: Event) -> Iterator[Entry]:
    """Yield the move that an event tells of; those of broadcasts tell of none."""
    if event.type != TransactionUpdate.wire_type:
        return
    told = _decoder.decode(event.payload).data
    moves = TransactionMove.objects.filter(txn=row_id(told.id), to_status=told.status)
    for move in moves.select_related("user"):
        who = f"{move.actor_kind} {move.actor_name or move.user_id}"
        request = f", request {move.request_id}" if move.request_id else ""
        text = f"Transaction #{told.id} became {told.status}, by {who}{request}."
        data = {"transaction_id": told.id, "request_id": move.request_id}
        yield Entry(at=stamp(move.created_at), source=NAME, text=text, data=data)
