from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0015_waiting_deliveries'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(
                condition=Q(('published_at__isnull', False), ('status', 'unread')),
                fields=['user', 'seen_at', 'expires_at', 'snoozed_until'],
                name='notification_counted',
            ),
        ),
        migrations.RemoveIndex(
            model_name='notification',
            name='notification_unread',
        ),
    ]
