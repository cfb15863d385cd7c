"""A process of the deployment that does to it what a run needs, and asks for traces.

Run as `python -m tests.trace.inside` in a server's environment, and driven as
`tests.services.driven` describes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import django

from tests.services import driven
from tests.services.driven import Answer

# Of a close: what is committed within it may have come to a socket that was closing.
MARGIN = timedelta(seconds=0.2)
MOMENT = "2026-01-01T00:00:00.000Z"


def users(*, count: int) -> Answer:
    """Make users; return their ids."""
    from django.contrib.auth import get_user_model

    kind = get_user_model()
    first = kind.objects.count()
    made = kind.objects.bulk_create(kind(username=f"user-{first + n}") for n in range(count))
    return {"users": [user.pk for user in made]}


def token(*, user: int, seconds: float, session: str) -> Answer:
    """Sign a token that lasts so long, of a login of this name."""
    from django.contrib.auth import get_user_model

    from realtime.access.keys import AccessToken
    from realtime.access.tokens import SESSION_CLAIM

    found = AccessToken.for_user(get_user_model().objects.get(pk=user))
    found.set_exp(lifetime=timedelta(seconds=seconds))
    found[SESSION_CLAIM] = session
    return {"token": str(found)}


def publish(*, events: Sequence[tuple[int, str, int]]) -> Answer:
    """Publish events, each to a user, of a type and of a size; return the offsets."""
    from notifications.messages import Notification
    from realtime.publish import publish_many

    messages: list[Any] = [
        (
            f"user:{user}",
            Notification(
                id="1",
                title="An event",
                message="x" * size,
                type=kind,  # type: ignore[arg-type]
                created_at=MOMENT,
            ),
        )
        for user, kind, size in events
    ]
    return {"offsets": [entry.offset for entry in publish_many(messages)]}


def end_login(*, user: int, how: str, session: str) -> Answer:
    """Log a login out, deactivate its user, or change the password."""
    from django.contrib.auth import get_user_model

    from realtime.access.changes import end_session

    if how == "logout":
        end_session(user_id=user, session=session)
    else:
        row = get_user_model().objects.get(pk=user)
        if how == "password":
            row.set_password("another one")
        else:
            row.is_active = False
        row.save()
    return {}


def bump(*, streams: Sequence[str] | None) -> Answer:
    """Begin new epochs of these streams, or of all."""
    from realtime import log

    return {"streams": log.bump_epoch(None if streams is None else list(streams))}


def trim() -> Answer:
    """Take all events that there are out of the log."""
    from realtime import clock, log

    return {"events": log.trim(before=clock.now() + timedelta(seconds=1), keep=10_000).events}


def departures(*, connections: Sequence[str]) -> Answer:
    """Return the codes of those of these connections that are known to have closed."""
    from realtime.models import Departure

    rows = Departure.objects.filter(connection_id__in=connections)
    return {"codes": dict(rows.values_list("connection_id", "code"))}


def published_before_close(*, connection: str, stream: str) -> Answer:
    """Return the offsets of events that were committed well before a connection closed."""
    from realtime.models import Departure, Event

    closed_at = Departure.objects.get(connection_id=connection).closed_at - MARGIN
    rows = Event.objects.filter(stream__name=stream, created_at__lt=closed_at)
    return {"offsets": list(rows.values_list("offset", flat=True))}


def found_late(*, streams: Sequence[str]) -> Answer:
    """Return those of these streams of which a node has reported events without a wake-up."""
    from realtime.models import Delay

    rows = Delay.objects.filter(stream__in=streams).values_list("stream", flat=True)
    return {"streams": sorted(set(rows))}


def reports() -> Answer:
    """Return when each live node has reported, and which nodes are silent."""
    from realtime import registry

    found = registry.cluster()
    return {
        "alive": {node.pk: node.seen_at.isoformat() for node in found.nodes},
        "silent": [node.pk for node in found.stale],
    }


def trace(*, stream: str, offset: int) -> Answer:
    """Return what the trace says of an event."""
    import msgspec

    from realtime.trace.services import trace_event

    found: Answer = msgspec.to_builtins(trace_event(stream, offset))
    return found


def evidence(*, user: int) -> Answer:
    """Return what the tables hold about a user's sockets and stream."""
    from django.forms.models import model_to_dict

    from realtime.models import Connection, Cursor, Departure, Deployment, Node, Stream

    def rows(kind: Any, **chosen: Any) -> list[dict[str, str]]:
        found = kind.objects.filter(**chosen).order_by("pk")
        return [{name: str(value) for name, value in model_to_dict(row).items()} for row in found]

    return {
        "departures": rows(Departure, user_id=user),
        "connections": rows(Connection, user_id=user),
        "cursors": rows(Cursor, user_id=user, stream__name=f"user:{user}"),
        "stream": rows(Stream, name=f"user:{user}"),
        "deployment": rows(Deployment),
        "nodes": rows(Node),
    }


COMMANDS: dict[str, Callable[..., Answer]] = {
    command.__name__: command
    for command in (
        users, token, publish, end_login, bump, trim, departures, published_before_close, reports,
        found_late, trace, evidence,
    )
}  # fmt: skip

if __name__ == "__main__":
    django.setup()
    driven.serve(COMMANDS)
