"""Keep what providers say that we have with them, beside what our books allow."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("ledger", "0024_funding")]

    operations = [
        migrations.CreateModel(
            name="FloatCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(max_length=16)),
                ("currency", models.CharField(max_length=3)),
                ("told", models.BigIntegerField()),
                ("least", models.BigIntegerField()),
                ("most", models.BigIntegerField()),
                ("checked_at", models.DateTimeField()),
                ("differs_since", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("provider", "currency"), name="float_check_once")],
            },
        ),
    ]
