from django.db import migrations, models


class Migration(migrations.Migration):

    old_code_works = "No release writes or reads this table."

    dependencies = [
        ('realtime', '0016_presence_and_outgoing'),
    ]

    operations = [
        migrations.AddField(
            model_name='webhook',
            name='scrubbed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='webhook',
            name='received_at',
            field=models.DateTimeField(),
        ),
        migrations.AddIndex(
            model_name='webhook',
            index=models.Index(condition=models.Q(('scrubbed_at__isnull', True)), fields=['received_at'], name='webhook_to_scrub'),
        ),
    ]
