"""The event log: streams, their events, how far devices are, and what the deployment shares."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models


def new_epoch() -> str:
    """Make the random id of a stream's life."""
    return secrets.token_hex(6)


class Deployment(models.Model):
    """The state that all streams share: one row, made when it is first needed.

    `epoch` is the deployment's part of every epoch, empty until something bumps it: a new one
    begins a new life of all streams at once. `system_identifier`, `timeline` and `table_id` say
    which PostgreSQL the row was last seen in; `realtime.sql.failover` compares them.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    epoch = models.CharField(max_length=16, blank=True, default="", db_default="")
    bumped_at = models.DateTimeField(null=True, blank=True, help_text="When `epoch` began.")
    streams_bumped_at = models.DateTimeField(
        null=True, blank=True, help_text="When streams of their own last began new epochs."
    )
    system_identifier = models.CharField(max_length=32, blank=True, default="", db_default="")
    timeline = models.BigIntegerField(default=0, db_default=0, help_text="0: not known.")
    table_id = models.BigIntegerField(
        default=0, db_default=0, help_text="The oid of this table: a restored dump has another."
    )
    failover_at = models.DateTimeField(null=True, blank=True, help_text="When one was last seen.")
    failover = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="What it changed."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="deployment_is_one_row")
        ]

    def __str__(self) -> str:
        return self.epoch or "the first epoch"


class Stream(models.Model):
    """An ordered log. `head` is its last offset; events up to `floor` are trimmed away.

    `epoch` is the stream's part of its epoch; `realtime.log.epochs` adds the deployment's.
    """

    name = models.CharField(max_length=100, unique=True)
    epoch = models.CharField(max_length=32, default=new_epoch)
    head = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(floor__gte=0) & models.Q(head__gte=models.F("floor")),
                name="stream_floor_below_head",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Event(models.Model):
    """One row of the log: `payload` is the exact text that goes on the wire.

    `filter_type` is what subscriptions filter by, empty for what always arrives.
    `reached` counts the sockets a shared event was written to. `request_id` and `traceparent` are
    those of the request or the command that published it; a worker's events have neither.
    """

    # Without an index of its own: that of stream and offset serves, and is the one to be chosen.
    stream = models.ForeignKey(
        Stream, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    offset = models.BigIntegerField()
    type = models.CharField(max_length=50)
    filter_type = models.CharField(max_length=32, blank=True)
    payload = models.TextField()
    idempotency_key = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 unique only where given
    reached = models.PositiveIntegerField(default=0)
    request_id = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 no byte where there is none
    traceparent = models.CharField(max_length=55, null=True, blank=True)  # noqa: DJ001 as above
    created_at = models.DateTimeField()  # in the database's time, as retention reads it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "offset"], name="event_offset_once"),
            models.UniqueConstraint(
                fields=["stream", "idempotency_key"], name="event_idempotency_key_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.offset}"


class Cursor(models.Model):
    """The position up to which one device of one user has applied a stream."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    device = models.CharField(max_length=64, blank=True)
    stream = models.ForeignKey(Stream, on_delete=models.CASCADE)
    epoch = models.CharField(max_length=32)
    acked = models.BigIntegerField()
    device_class = models.CharField(
        max_length=10, blank=True, default="", db_default="",
        help_text="phone, desktop or service, as its last login said.",
    )  # fmt: skip
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "device", "stream"], name="cursor_per_user_device_stream"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}/{self.device or '-'} at {self.acked}"
