"""What nodes did, minute by minute."""

from __future__ import annotations

from django.db import models


class NodeMinute(models.Model):
    """A node in one minute, as its reports told: kept for 14 days, for charts.

    Counts are those of that minute alone. It outlives its node's row.
    """

    node = models.CharField(max_length=32)
    host = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    minute = models.IntegerField(
        db_index=True, help_text="Minutes since 1970, by the database's clock."
    )
    seconds = models.FloatField(
        help_text="How long it covers: less at the ends of a node, more after an outage."
    )
    connections = models.PositiveIntegerField(help_text="At the end of the minute.")
    users = models.PositiveIntegerField(help_text="At the end of the minute.")
    opened = models.BigIntegerField(help_text="Sockets.")
    closed = models.BigIntegerField(help_text="Sockets.")
    slow_closed = models.BigIntegerField(help_text="Sockets whose clients read too slowly.")
    messages_in = models.BigIntegerField()
    messages_out = models.BigIntegerField()
    published = models.BigIntegerField(help_text="Events that it committed.")
    delivered = models.BigIntegerField(help_text="Events that it wrote to sockets.")
    delivery_p50_ms = models.FloatField(
        null=True, help_text="From an event's row to its write; empty without events."
    )
    delivery_p99_ms = models.FloatField(null=True)
    resyncs = models.BigIntegerField(help_text="Streams that a login could not go on in.")
    found_late = models.BigIntegerField(help_text="Events whose wake-up was lost.")
    dropped = models.BigIntegerField(help_text="Wake-ups that the layer did not take.")
    queue_bytes = models.BigIntegerField(help_text="The most that waited for slow readers.")
    lag_ms = models.FloatField(help_text="The highest lag of the event loop that it reported.")
    rss_mb = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["node", "minute"], name="node_minute")]

    def __str__(self) -> str:
        return f"{self.host}:{self.pid} {self.minute}"
