"""`manage.py disconnect`: list a user's sockets, and close them."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from realtime import registry
from realtime.access import changes
from realtime.management import base
from realtime.models import Connection

LINE = "{id}  {opened_at}  {node}  {address}  {device}  {client}"


class Command(base.Command):
    help = (
        "Close the connections of a user, on all nodes. The client is told not to reconnect "
        "(4403), but its tokens stay valid: add --log-out to end its logins too."
    )
    json_help = "Print one JSON object."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--connection", metavar="ID", help="Only this one.")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--list", action="store_true", help="List them, and close none.")
        what.add_argument(
            "--reconnect", action="store_true", help="Let the client reconnect (1012)."
        )
        what.add_argument(
            "--log-out", action="store_true", help="End every login of the user as well."
        )

    def handle(self, *, username: str, **options: Any) -> None:
        user = base.user_named(username)
        found = list(registry.connections().filter(user=user))
        if options["connection"]:
            found = [item for item in found if item.pk == options["connection"]]
            if not found:
                raise CommandError(f"{username} has no connection {options['connection']!r}.")
        if options["list"]:
            listed = [_describe(item) for item in found]
            lines = [LINE.format(**item) for item in listed]
            lines.append(f"{len(listed)} connection(s).")
            self.say({"connections": listed}, "\n".join(lines))
            return
        if options["connection"]:
            changes.close_connections(found, reconnect=options["reconnect"])
        else:
            found = changes.close_user(user.pk, reconnect=options["reconnect"])
        logins = changes.end_all_sessions(user.pk) if options["log_out"] else 0
        left = _left_open([item.pk for item in found])
        closed = len(found) - len(left)
        self.say(
            {"closed": closed, "open": left, "logins_ended": logins},
            f"{closed} connection(s) closed"
            + (f", {logins} login(s) ended" if options["log_out"] else "")
            + ".",
        )
        if left:
            raise CommandError(
                f"{len(left)} connection(s) are still listed as open after "
                f"{base.PATIENCE_SECONDS:.0f} s; a node that does not answer reports nothing."
            )


def _left_open(closing: list[str]) -> list[str]:
    """Wait until the nodes report the connections closed; return the ids still open."""
    listed = registry.connections().filter(pk__in=closing).values_list("pk", flat=True)
    for _ in base.looks():
        if not listed.exists():
            break
    return list(listed)


def _describe(connection: Connection) -> dict[str, str]:
    return {
        "id": connection.pk,
        "opened_at": f"{connection.opened_at:%Y-%m-%dT%H:%M:%SZ}",
        "node": str(connection.node),
        "address": connection.address or "-",
        "device": connection.device or "-",
        "client": connection.client or "-",
    }
