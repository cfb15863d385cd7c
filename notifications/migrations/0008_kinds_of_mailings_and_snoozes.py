from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
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
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=Q(("snoozed_until__isnull", False)),
                fields=["snoozed_until"],
                name="notification_snoozed",
            ),
        ),
    ]
