from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('realtime', '0018_rights_and_names'),
    ]

    operations = [
        migrations.AddField(
            model_name='cursor',
            name='device_class',
            field=models.CharField(blank=True, db_default='', default='', help_text='phone, desktop or service, as its last login said.', max_length=10),
        ),
    ]
