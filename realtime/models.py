"""The event log, devices' cursors, nodes and sockets, logins, and what outside calls share."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models

from realtime import clock


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
    `reached` counts the sockets a shared event was written to.
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
    acknowledged.
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

    class Meta:
        verbose_name = "closed socket"
        indexes = [models.Index("user", models.F("closed_at").desc(), name="departure_newest")]

    def __str__(self) -> str:
        return self.connection_id


class Host(models.Model):
    """A provider, or one host of it, as all workers share it: its pace, its breaker, its stop.

    `next_at` is the next free moment of its pace. `opened_until` is until when its breaker lets
    nothing through, `failures` how many failures in a row. Staff stop it at run time.
    """

    name = models.CharField(max_length=200, primary_key=True)
    next_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    opened_until = models.DateTimeField(null=True, blank=True)
    gone = models.PositiveIntegerField(default=0, help_text="Addresses that it called gone.")
    calls = models.PositiveIntegerField(default=0, help_text="Calls since `counted_from`.")
    counted_from = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.CharField(max_length=100, blank=True, default="")
    stopped_why = models.CharField(max_length=200, blank=True, default="")
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Webhook(models.Model):
    """A request of a provider, as it came. The body is emptied after 30 days, its hash stays."""

    source = models.CharField(max_length=32, help_text="The code of the path that it came by.")
    hash = models.CharField(max_length=64)
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    is_proven = models.BooleanField(help_text="Its signature was right.")
    received_at = models.DateTimeField()
    scrubbed_at = models.DateTimeField(null=True, blank=True)
    repeats = models.PositiveIntegerField(default=0, help_text="Times that it came again.")

    class Meta:
        permissions = [("view_webhook_body", "Can view what a provider sent")]
        indexes = [
            models.Index(
                fields=["received_at"],
                condition=models.Q(scrubbed_at__isnull=True),
                name="webhook_to_scrub",
            )
        ]
        constraints = [models.UniqueConstraint(fields=["source", "hash"], name="webhook_once")]

    def __str__(self) -> str:
        return f"{self.source} #{self.pk}"


class Ticket(models.Model):
    """Lets one socket in, once: what was asked for by POST /api/ws-ticket/ with a token.

    Only the hash of the ticket is kept. `login_expires_at` is when the token ends that it
    was asked for with, `stamp` that token's mark of the password.
    """

    hash = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    session = models.CharField(max_length=64)
    stamp = models.CharField(max_length=64)
    login_expires_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"of {self.user_id} until {self.expires_at:%H:%M:%S}"


class IssuedToken(models.Model):
    """A refresh token that was issued: all that it takes to sign it again, never its text.

    `jti` is its number, `session` the login that it belongs to. Once it was exchanged it has
    `used_at`, and `successor`: the token that it was exchanged for.
    """

    jti = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    session = models.CharField(max_length=64)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)
    successor = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="predecessor"
    )

    def __str__(self) -> str:
        return self.jti


class EndedSession(models.Model):
    """A login that was logged out; kept until its last token would have ended anyway."""

    id = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    ended_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.id


class JobRun(models.Model):
    """The times at which a job of the deployment last began and last succeeded."""

    name = models.CharField(max_length=50, primary_key=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
