"""Let postings say what came into one of our own books, without a transaction."""

from django.db import migrations, models

KINDS = ["settle", "fee", "adjustment", "transfer", "reversal"]


class Migration(migrations.Migration):

    old_code_works = "The release before writes no postings."

    dependencies = [("ledger", "0023_days")]

    operations = [
        migrations.AlterField(
            model_name="posting",
            name="kind",
            field=models.CharField(
                choices=[
                    ("settle", "Settle"),
                    ("fee", "Fee"),
                    ("adjustment", "Adjustment"),
                    ("transfer", "Transfer"),
                    ("reversal", "Reversal"),
                    ("funding", "Funding"),
                    ("opening", "Opening"),
                ],
                max_length=16,
            ),
        ),
        migrations.RemoveConstraint(model_name="posting", name="posting_kind_known"),
        migrations.AddConstraint(
            model_name="posting",
            constraint=models.CheckConstraint(
                condition=models.Q(kind__in=[*KINDS, "funding", "opening"]),
                name="posting_kind_known",
            ),
        ),
        migrations.RemoveConstraint(model_name="posting", name="posting_has_transaction"),
        migrations.AddConstraint(
            model_name="posting",
            constraint=models.CheckConstraint(
                condition=models.Q(kind__in=["opening", "funding"]) | models.Q(txn__isnull=False),
                name="posting_has_transaction",
            ),
        ),
    ]
