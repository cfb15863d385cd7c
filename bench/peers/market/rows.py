"""Instruments and alerts in the database, and the engine's alerts in this process's memory."""

from __future__ import annotations

import gc
import os
import time
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Q, Sum
from django.utils import timezone

from bench import processes
from bench.peers.market import CENTS
from hoardrun.market.alerts import loading
from hoardrun.market.alerts.desk import Desk
from hoardrun.market.alerts.models import AlertCursor, PriceAlert
from hoardrun.market.engine.prices import Accepted, Feed, FeedChange
from hoardrun.market.models import Candle, CandleHole, Instrument, Quote, SourceSymbol
from tests.services.driven import Answer

BATCH = 1000
_loaded: list[Desk] = []


def instruments(*, count: int) -> Answer:
    """Have so many instruments that Kraken prices, and no others; return their ids and symbols."""
    rows = [
        Instrument(symbol=f"B{number}-USD", name=f"Bench {number}", type="crypto", currency="USD")
        for number in range(count)
    ]
    Instrument.objects.bulk_create(rows, ignore_conflicts=True)
    wanted = Q(symbol__in=[row.symbol for row in rows])
    Instrument.objects.exclude(wanted).update(is_active=False)
    Instrument.objects.filter(wanted).update(is_active=True)
    found = list(Instrument.objects.filter(wanted).order_by("pk"))
    SourceSymbol.objects.bulk_create(
        [
            SourceSymbol(
                instrument=row, source="kraken", venue_symbol=row.symbol.replace("-", "/"),
                rest_symbol=row.symbol.replace("-", ""),
            )
            for row in found
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return {
        "ids": [row.pk for row in found],
        "symbols": [row.symbol.replace("-", "/") for row in found],
    }


def fill(*, count: int, ids: list[int]) -> Answer:
    """Have so many armed alerts of one user, spread over these instruments, far from the price."""
    user = get_user_model().objects.order_by("pk").first()
    assert user is not None
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO market_pricealert (user_id, instrument_id, kind, "window", threshold, '
            "mode, cooldown_seconds, note, is_urgent, state, armed_price, armed_as_of, fire_count, "
            "version, created_at) "
            "SELECT %s, (%s::bigint[])[1 + n %% %s], "
            "CASE WHEN n %% 2 = 0 THEN 'price_above' ELSE 'price_below' END, '', "
            "CASE WHEN n %% 2 = 0 THEN %s + 50000 + n %% 100000 ELSE %s - 50000 - n %% 40000 END, "
            "'once', 300, '', false, 'armed', %s, statement_timestamp() - interval '1 hour', 0, 1, "
            "statement_timestamp() FROM generate_series(1, %s) n",
            [user.pk, ids, len(ids), CENTS, CENTS, CENTS, count],
        )
        cursor.execute("ANALYZE market_pricealert")
    return {"count": PriceAlert.objects.count()}


def wait_for(*, users: int, instrument: int, steps: int) -> Answer:
    """Have an armed alert at each cent above the price, of so many users in turn."""
    ids = list(get_user_model().objects.order_by("pk").values_list("pk", flat=True)[:users])
    since = timezone.now() - timedelta(hours=1)
    made = PriceAlert.objects.bulk_create(
        [
            PriceAlert(
                user_id=ids[number % users], instrument_id=instrument, kind="price_above",
                threshold=CENTS + 1 + number, cooldown_seconds=300, state="armed",
                armed_price=CENTS, armed_as_of=since,
            )
            for number in range(steps)
        ],
        batch_size=BATCH,
    )  # fmt: skip
    return {"alerts": [str(row.pk) for row in made]}


def forget() -> Answer:
    """Remove all alerts, prices and candles."""
    for kind in (PriceAlert, AlertCursor, Candle, CandleHole, Quote):
        kind._default_manager.all().delete()
    return {}


def traded() -> Answer:
    """Return how many trades the candles of a minute have, those that run included."""
    found = Candle.objects.filter(minutes=1).aggregate(sum=Sum("trades"))
    return {"trades": found["sum"] or 0}


def load() -> Answer:
    """Load all alerts as the engine's leader does; return what they take, and how long."""
    gc.collect()
    before, began = processes.memory_kib(os.getpid()), time.monotonic()
    _loaded[:] = [loading.load()]
    seconds = time.monotonic() - began
    gc.collect()
    taken = processes.memory_kib(os.getpid()) - before
    return {"alerts": len(_loaded[0]), "seconds": seconds, "kib": taken}


def idle(*, ids: list[int], ticks: int) -> Answer:
    """Judge prices that reach no alert; return the CPU seconds, and how many alerts fired."""
    [desk] = _loaded
    now = time.time_ns() // 1000
    desk.take([FeedChange(key, "", Feed.LIVE, now) for key in ids])
    items = [
        Accepted(ids[number % len(ids)], "", CENTS + number % 7, now + number, "kraken", 1, number)
        for number in range(ticks)
    ]
    began = time.process_time()
    for item in items:
        desk.take([item])
    seconds = time.process_time() - began
    return {"seconds": seconds, "fired": int(bool(desk.work))}
