"""Corrections of balances, by two persons."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import hoardrun.ledger.fields
import hoardrun.ledger.holders


WAITS = models.Q(state="waiting")
APPROVED = models.Q(state="approved")


class Migration(migrations.Migration):

    old_code_works = "It constrains only a table that old code does not know."

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("ledger", "0021_three_decimals"),
    ]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("direction", models.CharField(choices=[("inbound", "Inbound"), ("outbound", "Outbound")], help_text="Inbound adds to it, outbound takes from it.", max_length=8)),
                ("amount", hoardrun.ledger.fields.MoneyField(decimal_places=3, max_digits=16)),
                ("currency", models.CharField(blank=True, choices=[("UGX", "Ugandan shilling"), ("KES", "Kenyan shilling"), ("TZS", "Tanzanian shilling"), ("GHS", "Ghanaian cedi"), ("NGN", "Nigerian naira"), ("ZAR", "South African rand"), ("USD", "US dollar"), ("EUR", "Euro")], help_text="The account's, if there is one.", max_length=3)),
                ("against", models.CharField(choices=[("world", "the world outside"), ("float", "our money at a provider"), ("fees", "our fees"), ("suspense", "money whose owner is not known"), ("receivable", "what somebody owes us")], default="world", help_text="Where it comes from, or goes to; or the book of our own.", max_length=12)),
                ("provider", models.CharField(blank=True, choices=hoardrun.ledger.holders.holders, help_text="Where our money is; of another book of our own, where it comes from or goes to.", max_length=16)),
                ("why", models.CharField(help_text="Is kept; write no name and no number of a person.", max_length=200)),
                ("description", models.CharField(blank=True, help_text="What the customer reads in the statement.", max_length=200)),
                ("state", models.CharField(choices=[("waiting", "Waits for a second person"), ("approved", "Approved"), ("rejected", "Rejected")], default="waiting", max_length=10)),
                ("asked_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("account", models.ForeignKey(blank=True, db_constraint=False, help_text="Leave it out for a book of our own.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name="corrections", to="ledger.account")),
                ("asked_by", models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("decided_by", models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("txn", models.OneToOneField(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="correction", to="ledger.transaction", verbose_name="transaction")),
            ],
            options={
                "permissions": [("decide_correction", "Can decide on corrections that others ask for")],
                "indexes": [models.Index(condition=models.Q(("state", "waiting")), fields=["id"], name="correction_waits")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="correction_amount_positive"),
                    models.CheckConstraint(condition=models.Q(("why", ""), _negated=True), name="correction_says_why"),
                    models.CheckConstraint(
                        condition=models.Q(account__isnull=False) | ~models.Q(against="world"),
                        name="correction_of_a_book",
                    ),
                    models.CheckConstraint(
                        condition=(models.Q(against="float") & ~models.Q(provider=""))
                        | (~models.Q(against="float") & (models.Q(provider="") | models.Q(account__isnull=True))),
                        name="correction_provider_of_float",
                    ),
                    models.CheckConstraint(
                        condition=(WAITS & models.Q(decided_by__isnull=True, decided_at__isnull=True))
                        | (~WAITS & models.Q(decided_by__isnull=False, decided_at__isnull=False)),
                        name="correction_is_decided",
                    ),
                    models.CheckConstraint(
                        condition=~APPROVED | ~models.Q(decided_by=models.F("asked_by")),
                        name="correction_by_two",
                    ),
                    models.CheckConstraint(
                        condition=(APPROVED & models.Q(account__isnull=False, txn__isnull=False))
                        | ((~APPROVED | models.Q(account__isnull=True)) & models.Q(txn__isnull=True)),
                        name="correction_has_transaction",
                    ),
                ],
            },
        ),
    ]
