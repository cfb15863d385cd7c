from typing import Any

from django.conf import settings
from django.db import migrations, models


def mend_metadata(apps: Any, schema_editor: Any) -> None:
    """Make an object of what a form once let through; the protocol takes nothing else."""
    rows = apps.get_model("notifications", "Notification").objects
    rows.filter(metadata=[]).update(metadata={})


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0002_mailing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(mend_metadata, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(
                    ("expires_at__isnull", False),
                    ("published_at__isnull", False),
                    ("status", "unread"),
                ),
                fields=["expires_at", "user"],
                name="notification_lapsing",
            ),
        ),
    ]
