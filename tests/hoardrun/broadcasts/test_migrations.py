"""The app takes over the tables that `realtime` had first."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import IntegrityError, connection, models
from django.db.migrations.recorder import MigrationRecorder

from hoardrun.broadcasts.models import Broadcast, BroadcastDecision
from realtime import append_only

MODELS = (Broadcast, BroadcastDecision)
UPDATE_TRIGGER = {
    "sqlite": "BEGIN SELECT RAISE(ABORT, 'former'); END",
    "postgresql": "FOR EACH ROW EXECUTE FUNCTION hoardrun_record_is_final()",
}


def name_as_before() -> None:
    """Give tables, triggers and rights the names that they had in `realtime`."""
    with connection.schema_editor() as editor, connection.cursor() as cursor:
        for model in MODELS:
            table, former = model._meta.db_table, f"realtime_{model._meta.model_name}"
            for operation in ("UPDATE", "DELETE", "REPLACE"):
                append_only.drop(cursor, table, operation)
            editor.remove_field(model, model._meta.get_field("request_id"))  # it came later
            editor.alter_db_table(model, table, former)
            cursor.execute(
                f"CREATE TRIGGER {former}_no_update_0 BEFORE UPDATE ON {former} "
                + UPDATE_TRIGGER[connection.vendor]
            )
    ContentType.objects.filter(app_label="broadcasts").update(app_label="realtime")
    for name in ("0002_requests", "0001_initial"):
        MigrationRecorder(connection).record_unapplied("broadcasts", name)


@pytest.mark.django_db(transaction=True)
def test_rows_rights_and_triggers_survive() -> None:
    author, approver = User.objects.create_user("alice"), User.objects.create_user("bob")
    author.user_permissions.add(Permission.objects.get(codename="broadcast"))
    approvers = Group.objects.create(name="Approvers")
    approvers.permissions.add(Permission.objects.get(codename="approve_broadcast"))
    approver.groups.add(approvers)
    waiting = Broadcast.objects.create(
        author=author, kind="market", target="7", payload={"a": ["b"]}, audience=1
    )
    BroadcastDecision.objects.create(broadcast=waiting, decided_by=approver, approved=True)
    before = [list(model.objects.values()) for model in MODELS]
    rights = Permission.objects.count()

    name_as_before()
    assert not User.objects.get(pk=author.pk).has_perm("broadcasts.broadcast")
    call_command("migrate", verbosity=0)

    assert [list(model.objects.values()) for model in MODELS] == before
    assert not [name for name in connection.introspection.table_names() if "realtime_b" in name]
    assert User.objects.get(pk=author.pk).has_perm("broadcasts.broadcast")
    assert User.objects.get(pk=approver.pk).has_perm("broadcasts.approve_broadcast")
    assert Permission.objects.count() == rights
    assert append_only.missing(connection) == []
    with pytest.raises(IntegrityError, match="A row of broadcasts_broadcast is a record"):
        models.QuerySet(Broadcast).update(address="192.0.2.1")
    after = Broadcast.objects.create(
        author=author, kind="market", target="7", payload={}, audience=1
    )
    assert after.pk == waiting.pk + 1
