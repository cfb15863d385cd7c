"""Records have the request that made them, and those of commands the run."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User

from hoardrun.broadcasts.models import Broadcast
from realtime import audit
from tests.services.environment import ROOT
from tests.services.work import at_work

# Columns that name a person who acts, and so a record.
ACTORS = ("author", "decided_by", "asked_by", "requested_by", "closed_by", "actor", "actor_kind")
# Rows whose act is told elsewhere.
ELSEWHERE = {
    "notifications_announcement",  # the admin's log: they are written in the admin alone
    "notifications_notification",  # jobs make them; calls of the API are in the admin's log
    "notifications_delivery",  # a rule decides, not a person; resends are in the admin's log
}


def ours() -> list[Any]:
    packages = {"hoardrun", "notifications", "realtime"}
    return [each for each in apps.get_models() if each.__module__.partition(".")[0] in packages]


def test_every_record_of_an_act_has_a_column_for_the_request() -> None:
    without = {
        model._meta.db_table
        for model in ours()
        if {field.name for field in model._meta.fields} & set(ACTORS)
        and not any(isinstance(field, audit.RequestId) for field in model._meta.fields)
    }
    assert without == ELSEWHERE


def test_the_request_at_work_is_in_the_record(alice: User) -> None:
    def made() -> Broadcast:
        fields = {"author": alice, "kind": "x", "target": "y", "payload": {}, "audience": 1}
        return Broadcast.objects.create(fingerprint="z", **fields)

    with at_work("req-17"):
        assert made().request_id == "req-17"
        [inserted] = Broadcast.objects.bulk_create(
            [Broadcast(author=alice, payload={}, audience=1)]
        )
        assert inserted.request_id == "req-17"
    made_by_a_job = made()
    made_by_a_job.refresh_from_db()
    assert made_by_a_job.request_id == ""


def test_the_admins_log_names_the_request(alice: User) -> None:
    audit.log(alice.pk, [alice], CHANGE, "Looked at.")
    with at_work("req-17"):
        audit.log(alice.pk, [alice], CHANGE, "Looked at.")
        audit.log(alice.pk, [alice], CHANGE, [{"changed": {"fields": ["Name"]}}])
    told = list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
    assert told[:2] == ["Looked at.", "Looked at. (req-17)"]
    assert told[2] == '[{"changed": {"fields": ["Name"]}}, {"request": "req-17"}]'
    assert LogEntry.objects.latest("pk").get_change_message() == "Changed Name."


def test_nobody_writes_into_the_admins_log_in_another_way() -> None:
    files = [
        path
        for package in ("hoardrun", "notifications", "realtime")
        for path in sorted((ROOT / package).rglob("*.py"))
        if "log_actions(" in path.read_text()
    ]
    assert files == [ROOT / "realtime/audit.py"]
