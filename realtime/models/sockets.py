"""Nodes and their sockets, as nodes report them, and sockets that have closed."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Node(models.Model):
    """A serving process, as it last reported. Rows of dead ones are swept."""

    id = models.CharField(max_length=32, primary_key=True)
    host = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    version = models.CharField(max_length=32)
    epoch = models.CharField(  # noqa: DJ001 null is what a release without it leaves
        max_length=16,
        null=True,
        blank=True,
        help_text="The deployment's part of the epochs that it serves by.",
    )
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)
    connections = models.PositiveIntegerField(default=0)
    users = models.PositiveIntegerField(default=0)
    rooms = models.JSONField(default=dict, help_text="Sockets per room.")
    messages_in = models.BigIntegerField(default=0)
    messages_out = models.BigIntegerField(default=0)
    in_per_second = models.FloatField(default=0)
    out_per_second = models.FloatField(default=0)
    dropped = models.BigIntegerField(default=0)
    slow_closed = models.BigIntegerField(default=0)
    foreign = models.BigIntegerField(
        default=0, help_text="Messages of another deployment on the same layer."
    )
    layer_rebuilt = models.BigIntegerField(
        default=0, help_text="How often it heard nothing and subscribed anew."
    )
    degraded = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="What of the channel layer does not work; it serves with a delay meanwhile.",
    )
    lag_ms = models.FloatField(default=0, help_text="Event loop lag.")
    rss_mb = models.FloatField(default=0)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class Connection(models.Model):
    """A socket that is logged in somewhere, as its node last reported.

    The rows of a node go with it. No foreign key is checked by the database, so that a
    user who vanishes meanwhile does not fail the report of a thousand others.
    """

    id = models.CharField(max_length=32, primary_key=True)
    node = models.ForeignKey(
        Node, on_delete=models.CASCADE, related_name="sockets", db_constraint=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_constraint=False
    )
    session = models.CharField(max_length=64, help_text="The login that its token belongs to.")
    device = models.CharField(max_length=64, blank=True)
    device_class = models.CharField(
        max_length=10, blank=True, default="", db_default="",
        help_text="phone, desktop or service, if it says so.",
    )  # fmt: skip
    address = models.CharField(max_length=64, blank=True)
    client = models.CharField(max_length=200, blank=True, help_text="What it calls itself.")
    opened_at = models.DateTimeField()
    active_at = models.DateTimeField(
        null=True, blank=True, help_text="When its person was last there; empty: not said."
    )
    is_active = models.BooleanField(
        default=False, db_default=False, help_text="Its person is there now, as it last said."
    )
    is_surplus = models.BooleanField(
        default=False, db_default=False, help_text="One too many of its user's: its node closes it."
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["node"], condition=models.Q(is_surplus=True), name="connection_surplus"
            )
        ]

    def __str__(self) -> str:
        return self.id


class Departure(models.Model):
    """A socket that has closed: kept for 14 days, to say since when a user was not there.

    `written` and `acked` map streams to the last offset that was written to it, and that it
    acknowledged. `notes` are those of `realtime.core.notes`, with their ages at the end.
    """

    connection_id = models.CharField(max_length=32, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    device = models.CharField(max_length=64, blank=True)
    device_class = models.CharField(max_length=10, blank=True)
    code = models.PositiveSmallIntegerField(help_text="The code that closed it.")
    opened_at = models.DateTimeField()
    active_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(db_index=True)
    written = models.JSONField(default=dict)
    acked = models.JSONField(default=dict)
    node = models.CharField(max_length=32, blank=True, default="", db_default="")
    queued = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Bytes that waited to be written when it closed."
    )
    notes = models.JSONField(default=list, db_default=[])

    class Meta:
        verbose_name = "closed socket"
        indexes = [models.Index("user", models.F("closed_at").desc(), name="departure_newest")]

    def __str__(self) -> str:
        return self.connection_id


class Delay(models.Model):
    """Something that made events late at one node: kept for 14 days.

    `lost`: no wake-up told the node of the events from `first` to `last` of `stream`; it found them
    itself. Without a stream, there were more such events than rows. `frozen`: its event loop stood
    still.
    """

    class Kind(models.TextChoices):
        LOST = "lost", "wake-ups lost"
        FROZEN = "frozen", "node stood still"

    node = models.CharField(max_length=32)
    kind = models.CharField(max_length=10, choices=Kind)
    stream = models.CharField(max_length=100, blank=True)
    first = models.BigIntegerField(default=0)
    last = models.BigIntegerField(default=0)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["stream", "last"], name="delay_of_stream")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.node}"
