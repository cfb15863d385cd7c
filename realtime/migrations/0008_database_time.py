"""Take the times that something is decided by from the database, not from the node's clock."""

from django.db import migrations, models

import realtime.clock


class Migration(migrations.Migration):
    dependencies = [("realtime", "0007_events_by_stream_and_offset")]

    operations = [
        # The columns stay as they are: SQLite would copy each table, and lose its triggers.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="event",
                    name="created_at",
                    field=models.DateTimeField(),
                ),
                migrations.AlterField(
                    model_name="endedsession",
                    name="ended_at",
                    field=models.DateTimeField(default=realtime.clock.now, editable=False),
                ),
            ]
        )
    ]
