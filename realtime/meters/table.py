"""The numbers that a process counts. Live ones, such as open sockets, are read at a scrape."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from realtime.meters import names
from realtime.meters.kinds import COUNTS, FAST, SLOW, Histogram, Values, counter, histogram

QUERIES = ("login", "read", "ack", "report", "reconcile")
REFUSALS = ("draining", "full", "overloaded", "origin", "stranger", "bad_tokens", "anonymous")
LOGIN_FAILURES = ("credential", "revoked", "rate_limited", "timeout", "protocol", "left")
OUTCOMES = ("live", "replayed", "epoch", "ahead", "trimmed")
WEBHOOKS = ("taken", "repeated", "unknown", "unsigned", "unreadable")
RETRIES = ("serialization", "deadlock", "row_deleted")
# Labels without a list here are listed by the code above this package, once apps have loaded.
LISTS: dict[str, Collection[str]] = {
    "message": (),
    "command": (),
    "error": (),
    "close": (),
    "route": (),
    "shard": ("0",),
}


def _listed(name: str) -> Values:
    """Return a label's values as they are listed at a scrape."""
    return lambda: LISTS[name]


@dataclass(slots=True)
class Meters:
    """The meters of this process. Hold `lock` to count on several threads."""

    lock: threading.Lock = field(default_factory=threading.Lock)

    # -- sockets
    connections_opened: Counter[str] = counter(
        "Sockets accepted, by the program of the client.", client=names.clients
    )
    connections_closed: Counter[tuple[int, str]] = counter(
        "Sockets ended, by close code and by the side that ended them.",
        code=_listed("close"),
        by=names.BY,
    )
    connections_refused: Counter[str] = counter(
        "Handshakes answered with an HTTP status in place of a socket. `overloaded` also counts "
        "logins by `authenticate` without a turn, whose sockets are then closed.",
        reason=REFUSALS,
    )
    login_failures: Counter[str] = counter(
        "Sockets that ended before their login was done: `left` by the client or the network, "
        "`other` for instance because the node drains or is overloaded.",
        reason=LOGIN_FAILURES,
    )
    login_seconds: Histogram = histogram(
        "Time from the accepted handshake to the greeting; waiting for `authenticate` counts.",
        SLOW,
    )
    ping_seconds: Histogram = histogram("Time from a ping of the server to its pong.", SLOW)

    # -- messages
    messages_sent: Counter[str] = counter("Messages written to sockets.", type=_listed("message"))
    bytes_sent: int = counter("Bytes of the messages written to sockets, with their headers.")
    messages_received: Counter[str] = counter(
        "Messages of clients; `invalid` are those that were refused unread.",
        type=_listed("command"),
    )
    bytes_received: int = counter("Bytes of the messages of clients.")
    errors_sent: Counter[str] = counter("`error` messages, by their code.", code=_listed("error"))

    # -- the promise
    resumes: Counter[str] = counter(
        "Streams that a login went on in: `live` had missed nothing, `replayed` was sent the rest, "
        "the others were told to resynchronise, and why.",
        outcome=OUTCOMES,
    )
    replayed_events: Histogram = histogram(
        "Events that one replay has sent; `_sum` is all of them.", COUNTS
    )
    delivery_seconds: dict[str, Histogram] = histogram(
        "Time from an event's row (`durable`, by the clock of the database) or from the sender of "
        "a room's message (`room`) to the write to the sockets that can take it.",
        SLOW,
        kind=("durable", "room"),
    )
    acked_seconds: Histogram = histogram(
        "Time from an event's row to the acknowledgement of a socket; of every 16th event.", SLOW
    )
    events_found_by_reconcile: int = counter(
        "Events that only a comparison with the log has found: each is a lost wake-up."
    )

    # -- the layer
    wakeups_received: int = counter("Wake-ups that came through the layer.")
    wakeups_combined: int = counter("Events in those wake-ups beyond the first of each.")
    canary_seconds: dict[str, Histogram] = histogram(
        "Time of a canary through the layer and back, by the place of its Redis in `REDIS_URL`.",
        SLOW,
        shard=_listed("shard"),
    )
    canary_missed: Counter[str] = counter(
        "Canaries that did not come back in time.", shard=_listed("shard")
    )

    # -- backpressure and time
    slow_closed: int = counter("Sockets closed with 4503, as their clients read too slowly.")
    dropped_prices: int = counter("Values that gave way to newer ones, as their socket waited.")
    loop_lag_seconds: Histogram = histogram("Delay of a timer of the event loop.", FAST)
    turn_seconds: Histogram = histogram("Time of one write to all sockets that had news.", FAST)

    # -- publishing and the database
    published: Counter[str] = counter(
        "Events published and committed by this process; a repeated idempotency key counts too.",
        type=_listed("message"),
    )
    publish_seconds: dict[str, Histogram] = histogram(
        "Time to store events (`append`), and from then until the commit was done (`commit`); of "
        "what was committed.",
        SLOW,
        phase=("append", "commit"),
    )
    lock_timeouts: int = counter("Statements that gave up waiting for a locked row.")
    retries: Counter[str] = counter("Transactions repeated after a conflict.", reason=RETRIES)
    db_query_seconds: dict[str, Histogram] = histogram(
        "Time of the engine's database work, the wait for a connection included; for what is "
        "published see `publish_seconds`.",
        SLOW,
        what=QUERIES,
    )
    trimmed_events: int = counter("Events that retention of this process has deleted.")

    # -- HTTP
    http_requests: Counter[tuple[str, str, str]] = counter(
        "Requests answered, by the pattern of their route.",
        route=_listed("route"),
        method=names.METHODS,
        status=names.STATUSES,
    )
    http_request_seconds: dict[str, Histogram] = histogram(
        "Time until the last byte of an answer was handed over.", SLOW, route=_listed("route")
    )
    webhooks: Counter[str] = counter(
        "Webhooks of providers, by what became of them: `repeated` ones are taken again, `unknown` "
        "have a wrong path, `unsigned` a wrong signature.",
        outcome=WEBHOOKS,
    )


meters = Meters()
