from django.db import migrations, models
from django.db.models import DO_NOTHING, Q


class Migration(migrations.Migration):
    old_code_works = (
        "The altered keys belong to tables that old code does not have, and only what Django does "
        "at a deletion changes."
    )

    dependencies = [("notifications", "0006_settling")]

    operations = [
        migrations.AddField(
            model_name="mailing",
            name="kind",
            field=models.CharField(blank=True, db_default="", default="", max_length=50),
        ),
        migrations.AddField(
            model_name="mailing",
            name="context",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="notification",
            name="kind",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="What happened; empty: the general kind of its type.",
                max_length=50,
            ),
        ),
        migrations.AlterField(
            model_name="digestitem",
            name="notification",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=DO_NOTHING,
                related_name="+",
                to="notifications.notification",
            ),
        ),
        migrations.AlterField(
            model_name="escalation",
            name="notification",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=DO_NOTHING,
                primary_key=True,
                related_name="escalation",
                serialize=False,
                to="notifications.notification",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=Q(("snoozed_until__isnull", False)),
                fields=["snoozed_until"],
                name="notification_snoozed",
            ),
        ),
    ]
