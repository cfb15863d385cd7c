"""Candles. On PostgreSQL partitioned: by how long they are kept, then by month.

`hoardrun.market.candles.partitions` makes the partitions of months, and drops them. What finds
none is kept in a default one.
"""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

# Each part of the table, the minutes of its candles, and whether it has partitions of months.
PARTS = (
    ("market_candle_1m", "1", True),
    ("market_candle_5m", "5", True),
    ("market_candle_hours", "15, 30, 60, 240", True),
    ("market_candle_days", "1440", False),
)


class CreatePartitioned(migrations.CreateModel):
    """Make a table as `CreateModel` does; on PostgreSQL one of PARTS."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        plain = schema_editor.sql_create_table
        schema_editor.sql_create_table = f"{plain} PARTITION BY LIST (minutes)"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = plain
        for name, minutes, is_monthly in PARTS:
            part = f"CREATE TABLE {name} PARTITION OF market_candle FOR VALUES IN ({minutes})"
            if is_monthly:
                schema_editor.execute(f"{part} PARTITION BY RANGE (bucket)")
                schema_editor.execute(f"CREATE TABLE {name}_other PARTITION OF {name} DEFAULT")
            else:
                schema_editor.execute(part)


class Migration(migrations.Migration):
    old_code_works = "It does not know the new tables, to which nothing refers."

    dependencies = [("market", "0003_hours")]

    operations = [
        CreatePartitioned(
            name="Candle",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "instrument_id",
                        "minutes",
                        "bucket",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "instrument",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="candles",
                        to="market.instrument",
                    ),
                ),
                (
                    "minutes",
                    models.PositiveSmallIntegerField(help_text="1440 is a day of the venue."),
                ),
                ("bucket", models.DateTimeField()),
                ("open", models.BigIntegerField()),
                ("high", models.BigIntegerField()),
                ("low", models.BigIntegerField()),
                ("close", models.BigIntegerField()),
                ("volume", models.BigIntegerField(null=True)),
                ("trades", models.IntegerField(null=True)),
                ("is_closed", models.BooleanField()),
                (
                    "is_indicative",
                    models.BooleanField(help_text="Of quoted prices: no trade is known."),
                ),
                (
                    "revision",
                    models.IntegerField(
                        default=0, help_text="Changes since it was first closed."
                    ),
                ),
                ("source", models.CharField(max_length=16)),
                (
                    "epoch",
                    models.BigIntegerField(default=0, help_text="Of the leader that wrote it."),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["minutes", "bucket"], name="candle_by_age")],
            },
        ),
        migrations.CreateModel(
            name="CandleHole",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "minutes",
                    models.PositiveSmallIntegerField(help_text="Of the candles."),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_at", models.DateTimeField(help_text="When the history is asked next.")),
                (
                    "is_left",
                    models.BooleanField(default=False, help_text="No source has it: it stays."),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=200)),
                (
                    "instrument",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="candle_holes",
                        to="market.instrument",
                    ),
                ),
            ],
            options={
                "ordering": ["instrument", "minutes", "since"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_left", False)),
                        fields=["next_at"],
                        name="candle_hole_due",
                    )
                ],
            },
        ),
    ]
