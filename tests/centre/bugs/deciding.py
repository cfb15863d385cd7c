"""Bugs of deciding: judging, wishes, quiet hours, digests, ladders."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

from django.db import connection, transaction
from msgspec.structs import replace as with_fields

from notifications import ladders, publishing
from notifications.delivery import digests, facts, look
from notifications.delivery.people import KnownAddress
from notifications.models import Preference
from notifications.payloads import notification_payload
from notifications.policy import reach, rules
from realtime.publish import publish_many
from realtime.streams import user_stream
from tests.faults.bugs.patching import changes


@changes("no-last-look", "lets_go", look.Look)
def no_last_look(original: Any, self: Any, row: Any) -> bool:
    """Send what was decided, whatever has happened since."""
    return row.address_id is not None


@changes("ack-across-epochs", "_devices", facts)
def ack_across_epochs(original: Any, user: Any, epoch: str) -> Any:
    """Compare offsets that devices acknowledged before a restore."""
    known = [dataclasses.replace(device, epoch=epoch) for device in user.devices]
    return original(dataclasses.replace(user, devices=tuple(known)), epoch)


@changes("hidden-counts", "_has_it", reach)
def hidden_counts(original: Any, device: Any, ladder: Any) -> bool:
    """Take a tab that somebody has left for its person."""
    return device.acked is not None and device.acked >= ladder.event_offset


@changes("digest-without-index", "join", digests)
def digest_without_index(original: Any, joins: Any, now: Any) -> None:
    """Open a digest although one is open."""
    if joins:
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX IF EXISTS digest_one_open")
    original(joins, now)


@changes("quiet-in-utc", "zone_of", rules, digests)
def quiet_in_utc(original: Any, *given: str) -> str:
    """Take local times for UTC."""
    return "UTC"


@changes("wish-of-event-time", "add_people", facts)
def wish_of_event_time(original: Any, found: Any, *given: Any) -> None:
    """Ask for what was chosen when the notification was committed."""
    original(found, *given)
    changed = dict(
        Preference.objects.filter(user__in={case.user_id for case in found}).values_list(
            "pk", "updated_at"
        )
    )
    for case in found:
        if case.user_id in changed and changed[case.user_id] > case.ladder.committed_at:
            chosen = with_fields(case.person.chosen, cells={})
            case.person = dataclasses.replace(case.person, chosen=chosen)


@changes("suppression-ignored", "state", KnownAddress)
def suppression_ignored(original: Any, self: Any, category: str) -> Any:
    """Use addresses that must not be used."""
    return with_fields(original(self, category), suppressed="", is_verified=True)


@changes("ladder-after-commit", "notifications_appear", publishing)
def ladder_after_commit(original: Any, rows: Any) -> None:
    """Begin ladders once the notification is committed, in a transaction of their own."""
    events = publish_many([(user_stream(row.user_id), notification_payload(row)) for row in rows])
    begun = [
        ladders.Begun(row.pk, row.user_id, kind, event)
        for row, event in zip(rows, events, strict=True)
        if (kind := ladders.ladder_kind(row)) is not None
    ]

    def begin() -> None:
        time.sleep(0.2)  # part of the bug: the time in which a kill loses the ladders
        ladders.begin(begun)

    transaction.on_commit(begin)
