"""Take the times of transactions and their moves from the database, not from the node's clock."""

from django.db import migrations, models

import realtime.clock


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_transaction_counterpart_final")]

    operations = [
        # The columns stay as they are: SQLite would copy each table, and lose its triggers.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name=model,
                    name="created_at",
                    field=models.DateTimeField(default=realtime.clock.now, editable=False),
                )
                for model in ("transaction", "transactionmove")
            ]
        )
    ]
