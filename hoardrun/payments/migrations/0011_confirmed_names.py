"""The verdict on the name of who gets a payout, and the name that the customer has confirmed."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

VERDICTS = [
    ("same", "The same"),
    ("similar", "Similar"),
    ("other", "Another name"),
    ("unknown", "The provider does not say"),
]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payments", "0010_unmatched")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="payee",
            name="confirmed_name",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The provider's name as it was shown, once that is confirmed.",
                max_length=100,
            ),
        ),
        migrations.AddField(
            model_name="providerpayment",
            name="confirmed_name",
            field=models.CharField(blank=True, db_default="", default="", max_length=100),
        ),
        migrations.AddField(
            model_name="providerpayment",
            name="name_verdict",
            field=models.CharField(
                blank=True, choices=VERDICTS, db_default="", default="", max_length=8
            ),
        ),
    ]
