"""`manage.py suppressions`: list the addresses that must not be used, and lift them."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandError

from notifications.choices import LiftState, OutsideChannel
from notifications.models import Suppression, SuppressionLift
from notifications.suppressions.services import (
    MAY_DECIDE,
    MAY_LIFT,
    lift_confirm,
    lift_reject,
    suppression_lift,
)
from notifications.trace.search import place_of
from realtime.management import base
from realtime.rest.permissions import staff_may
from realtime.trace.moments import maybe, stamp

MOST = 50
HASH_LENGTH = 64


class Command(base.Command):
    json_help = "Print one JSON list."
    help = (
        "List the addresses that must not be used, the newest first, or lift one. After a "
        "complaint, a second person decides: --waiting lists what waits."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "address", nargs="?", help="An e-mail address, a phone number, or the hash of one."
        )
        parser.add_argument("--channel", choices=OutsideChannel.values)
        parser.add_argument("--waiting", action="store_true", help="List what waits.")
        act = parser.add_mutually_exclusive_group()
        act.add_argument("--lift", type=base.whole(1), help="The number of a suppression.")
        act.add_argument("--confirm", type=base.whole(1), help="The number of what waits.")
        act.add_argument("--reject", type=base.whole(1), help="The number of what waits.")
        parser.add_argument("--by", help="The name of the member of staff who decides.")
        parser.add_argument("--why", default="", help="The reason of a lift.")

    def handle(self, **options: Any) -> None:
        if options["waiting"]:
            waiting = SuppressionLift.objects.filter(state=LiftState.WAITING).order_by("pk")
            self._show(_lift(row) for row in waiting[:MOST])
        elif options["lift"]:
            by = _staff(options["by"], MAY_LIFT)
            lift = suppression_lift(suppression_id=options["lift"], by=by, why=options["why"])
            self._show([_lift(lift)])
        elif options["confirm"] or options["reject"]:
            # The person who asked takes the request back by rejecting it.
            right = MAY_DECIDE if options["confirm"] else MAY_LIFT
            decide = lift_confirm if options["confirm"] else lift_reject
            lift_id = options["confirm"] or options["reject"]
            self._show([_lift(decide(lift_id=lift_id, by=_staff(options["by"], right)))])
        else:
            self._show(map(_suppression, _found(options["address"], options["channel"])))

    def _show(self, rows: Iterable[dict[str, Any]]) -> None:
        found = list(rows)
        lines = ["  ".join(str(value) for value in row.values() if value) for row in found]
        self.say(found, "\n".join(lines or ["There is none."]))


def _found(address: str | None, channel: str | None) -> Iterable[Suppression]:
    rows = Suppression.objects.all()
    if channel:
        rows = rows.filter(channel=channel)
    if address and len(address) == HASH_LENGTH:
        rows = rows.filter(hash=address, channel__in=OutsideChannel.values)
    elif address:
        of, digest = place_of(address)
        rows = rows.filter(channel=of, hash=digest)
    return rows.order_by("-pk")[:MOST]


def _staff(name: str | None, right: str) -> int:
    """Return the id of the member of staff who decides. Raises CommandError."""
    if not name:
        raise CommandError("Who decides? Give the name of a member of staff by --by.")
    user = base.user_named(name)
    if not staff_may(user, right):
        raise CommandError(f"{name!r:.80} is no member of staff with {right}.")
    return int(user.pk)


def _suppression(row: Suppression) -> dict[str, Any]:
    return {
        "id": row.pk,
        "since": stamp(row.created_at),
        "channel": row.channel,
        "hash": row.hash,
        "scope": row.scope,
        "reason": row.reason,
        "source": row.source,
        "until": maybe(row.until),
    }


def _lift(row: SuppressionLift) -> dict[str, Any]:
    return {
        "id": row.pk,
        "at": stamp(row.asked_at),
        "channel": row.channel,
        "hash": row.hash,
        "reason": row.reason,
        "state": row.state,
        "why": row.why,
        "asked_by": row.asked_by_id,
        "decided_by": row.decided_by_id,
    }
