"""Everything a client shows of its user, and the stream positions that it is true at.

A client that begins, or that was told to resynchronise, takes this and then follows
the streams from `positions`: no event is missed between the two and none counts twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from django.db import connection, transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hoardrun.ledger.serializers import AccountOutput, TransactionOutput
from hoardrun.ledger.views import AccountListView, TransactionListView
from hoardrun.market.alerts.selectors import alerts_list, alerts_shown
from hoardrun.market.alerts.serializers import AlertOutput
from hoardrun.payments.payees.payloads import payee_fields
from hoardrun.payments.payees.selectors import payees_list
from hoardrun.payments.payees.serializers import PayeeOutput
from notifications.payloads import announcement_payload
from notifications.preferences.selectors import preferences_get
from notifications.preferences.serializers import ChosenOutput
from notifications.selectors import announcements_active, notification_counts
from notifications.serializers import AnnouncementOutput, NotificationOutput
from notifications.views import NotificationListView
from realtime import reach
from realtime.core.resume import join_epochs
from realtime.protocol.codec import timestamp
from realtime.rest.hot import HotRead
from realtime.streams import streams_of

TRANSACTIONS = 20
NOTIFICATIONS = 100


def snapshot(*, user_id: int) -> dict[str, Any]:
    """Read a user's state and stream positions, all of one moment.

    Inside a caller's transaction, of what that sees.
    """
    found: dict[str, Any] = msgspec.to_builtins(_state(user_id))
    return found


def _state(user_id: int) -> dict[str, Any]:
    streams = streams_of(user_id)
    state = _read(user_id, streams)
    if state is None:
        reach.begin(streams)  # outside of the moment, as a snapshot only reads
        state = _read(user_id, streams)
    assert state is not None  # a state that has begun stays
    return state


def _read(user_id: int, streams: Sequence[str]) -> dict[str, Any] | None:
    """Read the state; None if one of the streams has no position yet."""
    with _one_moment():
        heads = reach.positions(streams)
        if len(heads) < len(streams):
            return None
        return {
            "positions": {
                name: {"offset": heads[name].head, "epoch": heads[name].epoch} for name in streams
            },
            "epoch": join_epochs([heads[name].epoch for name in streams]),
            "accounts": AccountListView.hot(user_id),
            "transactions": TransactionListView.hot_rows(user_id, skip=0, limit=TRANSACTIONS),
            "notifications": NotificationListView.hot_rows(
                user_id, skip=0, limit=NOTIFICATIONS, unread_only=True
            ),
            "counts": notification_counts([user_id])[user_id],
            "preferences": preferences_get(user_id),
            "price_alerts": alerts_shown(alerts_list(user_id)),
            "payees": [payee_fields(row) for row in payees_list(user_id)],
            "announcements": [announcement_payload(row) for row in announcements_active()],
            "timestamp": timestamp(timezone.now()),
        }


@contextmanager
def _one_moment() -> Iterator[None]:
    """Let every read see the same commits.

    On SQLite any transaction does; PostgreSQL must be asked before the first query.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


class PositionOutput(serializers.Serializer[dict[str, Any]]):
    offset = serializers.IntegerField()
    epoch = serializers.CharField()


class CountsOutput(serializers.Serializer[dict[str, int]]):
    unread = serializers.IntegerField()
    unseen = serializers.IntegerField()


class SnapshotOutput(serializers.Serializer[dict[str, Any]]):
    positions = serializers.DictField(
        child=PositionOutput(), help_text="By stream, as in the socket's greeting."
    )
    epoch = serializers.CharField(help_text="Hand it back with `since` when you connect.")
    accounts = AccountOutput(many=True)
    transactions = TransactionOutput(many=True, help_text=f"The newest {TRANSACTIONS}.")
    notifications = NotificationOutput(
        many=True, help_text=f"Those that the bell counts, the newest {NOTIFICATIONS}."
    )
    counts = CountsOutput()
    preferences = ChosenOutput(help_text="What the user has chosen about notifications.")
    price_alerts = AlertOutput(many=True, help_text="Newest first.")
    payees = PayeeOutput(many=True, help_text="By name.")
    announcements = AnnouncementOutput(many=True)
    timestamp = serializers.DateTimeField()


class SnapshotView(HotRead):
    units = 3

    @classmethod
    def hot(cls, user_id: int, **filters: Any) -> dict[str, Any]:
        return _state(user_id)

    @extend_schema(operation_id="snapshot_retrieve", responses=SnapshotOutput, tags=["realtime"])
    def get(self, request: Request) -> Response:
        """Read your balances, recent transactions, unread notifications and stream positions."""
        return super().get(request)
