"""Say that prices are stale whose source no process leads any more. A job of every node.

A leader that ends says so itself, and one that follows judges all prices anew. This is for the
last leader that was killed, such as a `stream_market`: the prices that it sent would be live to
all who have them, for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Concat, Now

from hoardrun.market import selectors, services
from hoardrun.market.engine.leases import source_lease
from hoardrun.market.engine.outlet import Publish
from hoardrun.market.engine.prices import Feed
from hoardrun.market.judged import UNLED_SECONDS
from hoardrun.market.models import Lease, Quote
from hoardrun.market.quotes import LiveQuote

NAME = "market_unled"
LOOK_SECONDS = 5.0
AT_ONCE = 100  # the next look has the others


def _publish(quotes: Sequence[LiveQuote]) -> None:
    services.quotes_publish(quotes=quotes)


def say_stale(publish: Publish = _publish) -> None:
    """Mark such prices in the table, and send them to their rooms; of several nodes one does."""
    lease = Concat(Value(source_lease("")), OuterRef("source"))
    found = (
        Quote.objects.filter(
            feed=Feed.LIVE,
            as_of__lt=Now() - timedelta(seconds=UNLED_SECONDS),
            instrument__is_active=True,
        )
        .exclude(Exists(Lease.objects.filter(name=lease, expires_at__gt=Now())))
        .values_list("pk", "as_of", "instrument__symbol")[:AT_ONCE]
    )
    claimed = [
        symbol
        for key, as_of, symbol in found
        if Quote.objects.filter(pk=key, as_of=as_of, feed=Feed.LIVE).update(feed=Feed.STALE)
    ]
    if claimed:
        publish(selectors.quote_list(symbols=claimed))
