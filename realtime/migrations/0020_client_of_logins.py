from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('realtime', '0019_classes_of_cursors'),
    ]

    operations = [
        migrations.AddField(
            model_name='issuedtoken',
            name='client',
            field=models.CharField(blank=True, db_default='', default='', help_text='What its program calls itself.', max_length=200),
        ),
    ]
