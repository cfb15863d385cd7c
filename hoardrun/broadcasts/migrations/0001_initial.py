"""Create the record of broadcasts, or take it over from the app `realtime`, which had it first.

The rows of tables that are taken over stay, as do the rights that were granted on them.
"""

from typing import Any

import django.db.models.deletion
import realtime.clock
from django.conf import settings
from django.db import migrations, models
from realtime import append_only

FORMER_APP = 'realtime'


class CreateOrTakeOver(migrations.CreateModel):
    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        former, connection = f'{FORMER_APP}_{self.name_lower}', schema_editor.connection
        if former not in connection.introspection.table_names():
            return super().database_forwards(app_label, schema_editor, from_state, to_state)
        with connection.cursor() as cursor:
            for operation in ('UPDATE', 'DELETE', 'REPLACE'):  # `migrate` makes new ones at its end
                append_only.drop(cursor, former, operation)
        model = to_state.apps.get_model(app_label, self.name)
        schema_editor.alter_db_table(model, former, model._meta.db_table)


def keep_rights(apps: Any, schema_editor: Any) -> None:
    """Rights belong to a content type: when it moves, they stay granted."""
    types = apps.get_model('contenttypes', 'ContentType').objects.using(schema_editor.connection.alias)
    former = types.filter(app_label=FORMER_APP, model__in=['broadcast', 'broadcastdecision'])
    former.update(app_label='broadcasts')


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('contenttypes', '0002_remove_content_type_name'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateOrTakeOver(
            name='Broadcast',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=32)),
                ('target', models.CharField(max_length=100)),
                ('payload', models.JSONField()),
                ('fingerprint', models.CharField(max_length=64)),
                ('idempotency_key', models.CharField(blank=True, max_length=200, null=True)),
                ('audience', models.PositiveIntegerField(help_text='How many users it is for.')),
                ('address', models.CharField(blank=True, help_text='Where it was sent from.', max_length=64)),
                ('needs_approval', models.BooleanField(default=False)),
                ('result', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(db_index=True, default=realtime.clock.now, editable=False)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['target', 'id'], name='broadcast_target'), models.Index(condition=models.Q(('needs_approval', True)), fields=['id'], name='broadcast_waits')],
                'constraints': [models.UniqueConstraint(fields=('author', 'idempotency_key'), name='broadcast_idempotency_key_once')],
                'permissions': [('broadcast', 'Can broadcast to users'), ('approve_broadcast', 'Can approve broadcasts of others')],
                'abstract': False,
                'base_manager_name': 'objects',
            },
        ),
        CreateOrTakeOver(
            name='BroadcastDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('approved', models.BooleanField()),
                ('address', models.CharField(blank=True, help_text='Where it was decided from.', max_length=64)),
                ('result', models.JSONField(default=dict)),
                ('decided_at', models.DateTimeField(db_index=True, default=realtime.clock.now, editable=False)),
                ('broadcast', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='decision', to='broadcasts.broadcast')),
                ('decided_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
            },
        ),
        migrations.RunPython(keep_rights, migrations.RunPython.noop),
    ]
