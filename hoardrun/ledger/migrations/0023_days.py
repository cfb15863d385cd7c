"""The days of the journal that have ended."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    old_code_works = "It constrains only tables that old code does not know."

    dependencies = [("ledger", "0022_correction")]

    operations = [
        migrations.AddField(
            model_name="verification",
            name="days",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.CreateModel(
            name="JournalDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(unique=True)),
                ("postings", models.BigIntegerField()),
                ("digest", models.CharField(max_length=64)),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        migrations.CreateModel(
            name="BookDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("balance", models.BigIntegerField()),
                ("book", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="days", to="ledger.book")),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("book", "day"), name="book_day_once"),
                ],
            },
        ),
    ]
