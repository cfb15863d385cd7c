"""The state of sources and leaders, for the console, the API, `stats` and metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hoardrun.market.engine.leases import ENGINE, source_lease
from hoardrun.market.engine.messages import MarketFeed
from hoardrun.market.feeds import VENUES, venue_named
from hoardrun.market.models import Lease, Source
from hoardrun.market.options import sources
from realtime import clock
from realtime.meters.fleet import Reading, gauge
from realtime.protocol import codec

LEADERLESS, STOPPED = "leaderless", "stopped"
_WELL = frozenset({"live", "delayed", "closed", "connecting"})
_TROUBLE = frozenset({"stale", "waiting", STOPPED})


def feed_list() -> list[MarketFeed]:
    """Describe each source that is set up, by name, and the engine; two queries."""
    names = sources()
    if not names:
        return []
    rows = {row.name: row for row in Source.objects.filter(name__in=names)}
    now = clock.now()
    leases = {row.name: row for row in Lease.objects.filter(expires_at__gt=now)}
    return [
        *(_source(name, rows.get(name), leases.get(source_lease(name))) for name in sorted(names)),
        _engine(leases.get(ENGINE)),
    ]


def is_delayed(name: str) -> bool:
    """Say whether a source's prices are delayed by its own account."""
    return name in VENUES and venue_named(name).is_delayed


def _source(name: str, row: Source | None, lease: Lease | None) -> MarketFeed:
    if row is None:
        return MarketFeed(name=name, state=_led(lease, "connecting"), **_leader(lease))
    stopped = STOPPED if row.is_stopped else row.state
    return MarketFeed(
        name=name,
        state=_led(lease, stopped),
        reason=row.reason,
        since=_text(row.since),
        last_price_at=_text(row.last_price_at),
        lag_ms=row.lag_ms,
        quarantined=row.quarantined,
        odd=row.odd,
        reconnects=row.reconnects,
        refused=row.refused,
        **_leader(lease),
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else codec.timestamp(moment)


def _engine(lease: Lease | None) -> MarketFeed:
    return MarketFeed(name=ENGINE, state=_led(lease, "live"), **_leader(lease))


def _led(lease: Lease | None, state: str) -> str:
    return LEADERLESS if lease is None else state


def _leader(lease: Lease | None) -> dict[str, Any]:
    if lease is None:
        return {}
    return {
        "leader": lease.holder,
        "epoch": lease.epoch,
        "leads_since": codec.timestamp(lease.acquired_at),
    }


def doubts() -> Iterator[str]:
    """Say which sources have no leader, or no prices that one can trust."""
    for feed in feed_list():
        if feed.state == LEADERLESS:
            yield f"no process leads {feed.name}: its prices stand still"
        elif feed.state in _TROUBLE:
            why = f": {feed.reason}" if feed.reason else ""
            yield f"the source {feed.name} is {feed.state} since {feed.since}{why}"


def section() -> tuple[Mapping[str, Any], list[str]]:
    """Return what `stats` shows: for programs, and lines for people."""
    found = feed_list()
    rows = [
        (
            feed.name,
            feed.state,
            feed.last_price_at or "",
            "" if feed.lag_ms is None else f"{feed.lag_ms:,}",
            feed.leader,
            str(feed.epoch or ""),
            feed.leads_since or "",
        )
        for feed in found
    ]
    if rows:
        rows.insert(0, ("FEED", "STATE", "LAST PRICE", "LAG ms", "LEADER", "EPOCH", "SINCE"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return {"market_feeds": [_plain(feed) for feed in found]}, lines


def _plain(feed: MarketFeed) -> dict[str, Any]:
    return {name: getattr(feed, name) for name in feed.__struct_fields__}


def _read() -> dict[str, Any]:
    found = feed_list()
    led = [feed for feed in found if feed.name != ENGINE]
    now = clock.now()
    ages = {
        row.name: (now - row.last_price_at).total_seconds()
        for row in Source.objects.filter(name__in=sources())
        if row.last_price_at is not None
    }
    return {
        "market_source_up": {feed.name: int(feed.state in _WELL) for feed in led},
        "market_price_age_seconds": ages,
        "market_lag_seconds": {f.name: f.lag_ms / 1000 for f in led if f.lag_ms is not None},
        "market_leader_epoch": {feed.name: feed.epoch for feed in found},
        "market_quarantined": {feed.name: feed.quarantined for feed in led},
        "market_odd": {feed.name: feed.odd for feed in led},
        "market_reconnects": {feed.name: feed.reconnects for feed in led},
        "market_refused": {feed.name: feed.refused for feed in led},
    }


def _led_names() -> tuple[str, ...]:
    return (*sources(), ENGINE)


FEEDS = Reading(
    (
        gauge("market_source_up", "1 while a source of prices is as it should be.", source=sources),
        gauge("market_price_age_seconds", "Age of a source's newest price.", source=sources),
        gauge("market_lag_seconds", "How old that price was when it came.", source=sources),
        gauge(
            "market_leader_epoch",
            "How many leaders a source, or the engine, has had; 0: none leads.",
            lease=_led_names,
        ),
        gauge(
            "market_quarantined",
            "Prices that were not believed since a source's leader began.",
            source=sources,
        ),
        gauge(
            "market_odd",
            "Frames and prices that could not be read since then.",
            source=sources,
        ),
        gauge("market_reconnects", "Connections after the first one since then.", source=sources),
        gauge("market_refused", "Symbols that a source does not have.", source=sources),
    ),
    _read,
)
