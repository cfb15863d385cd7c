"""The hours of venues and their holidays, as far as they are certain; staff edit both.

Instruments that the catalogue has seeded get what it says of them now.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import migrations
from django.db.models import F, Value
from django.db.models.functions import Concat, Length, Substr

SINCE = datetime.date(2020, 1, 1)
WEEK = range(5)


def hours(text: str) -> tuple[datetime.time, datetime.time]:
    """Read times such as 09:30-16:00; 24:00 is the end of the day."""
    opens, closes = text.replace("24:00", "00:00").split("-")
    return datetime.time.fromisoformat(opens), datetime.time.fromisoformat(closes)


# Venue, time zone, weekdays, kind, hours.
SESSIONS = (
    ("XNAI", "Africa/Nairobi", WEEK, "regular", "09:00-15:00"),
    ("XUGA", "Africa/Kampala", WEEK, "regular", "10:00-12:00"),
    ("XJSE", "Africa/Johannesburg", WEEK, "regular", "09:00-17:00"),
    ("XNYS", "America/New_York", WEEK, "pre_market", "04:00-09:30"),
    ("XNYS", "America/New_York", WEEK, "regular", "09:30-16:00"),
    ("XNYS", "America/New_York", WEEK, "after_hours", "16:00-20:00"),
    ("FOREX", "UTC", (6,), "regular", "22:00-24:00"),
    ("FOREX", "UTC", range(4), "regular", "00:00-24:00"),
    ("FOREX", "UTC", (4,), "regular", "00:00-22:00"),
)
# Venue, name, days; those whose date a government may still move are left to staff.
HOLIDAYS = (
    ("XNYS", "Christmas Day", ("2026-12-25", "2027-12-24", "2028-12-25")),
    ("XNYS", "New Year's Day", ("2027-01-01",)),
    ("XNYS", "Martin Luther King Jr. Day", ("2027-01-18", "2028-01-17")),
    ("XNYS", "Washington's Birthday", ("2027-02-15", "2028-02-21")),
    ("XNYS", "Good Friday", ("2027-03-26", "2028-04-14")),
    ("XNYS", "Memorial Day", ("2027-05-31", "2028-05-29")),
    ("XNYS", "Juneteenth", ("2027-06-18", "2028-06-19")),
    ("XNYS", "Independence Day", ("2027-07-05", "2028-07-04")),
    ("XNYS", "Labor Day", ("2027-09-06", "2028-09-04")),
    ("XNYS", "Thanksgiving Day", ("2027-11-25", "2028-11-23")),
    ("XNAI", "Christmas Day", ("2026-12-25",)),
    ("XNAI", "New Year's Day", ("2027-01-01",)),
    ("XNAI", "Good Friday", ("2027-03-26", "2028-04-14")),
    ("XNAI", "Easter Monday", ("2027-03-29", "2028-04-17")),
    ("XNAI", "Madaraka Day", ("2027-06-01", "2028-06-01")),
    ("XNAI", "Mashujaa Day", ("2027-10-20", "2028-10-20")),
    ("XUGA", "Christmas Day", ("2026-12-25",)),
    ("XUGA", "New Year's Day", ("2027-01-01",)),
    ("XUGA", "NRM Liberation Day", ("2027-01-26", "2028-01-26")),
    ("XUGA", "Women's Day", ("2027-03-08", "2028-03-08")),
    ("XUGA", "Good Friday", ("2027-03-26", "2028-04-14")),
    ("XUGA", "Easter Monday", ("2027-03-29", "2028-04-17")),
    ("XJSE", "Christmas Day", ("2026-12-25",)),
    ("XJSE", "New Year's Day", ("2027-01-01",)),
    ("XJSE", "Good Friday", ("2027-03-26", "2028-04-14")),
    ("XJSE", "Family Day", ("2027-03-29", "2028-04-17")),
)
SHORT_DAYS = (
    ("XNYS", "Day after Thanksgiving", ("2027-11-26", "2028-11-24"), "09:30-13:00"),
    ("XNYS", "Christmas Eve", ("2026-12-24",), "09:30-13:00"),
)
VENUES = {
    "FOREX": ("EUR-USD", "GBP-USD", "USD-UGX", "USD-KES", "USD-NGN", "USD-ZAR"),
    "XJSE": ("JSE-TOP40",),
    "XNAI": ("SCOM", "EQTY", "NSE20"),
    "XNYS": ("AAPL", "MSFT", "SPX"),
    "XUGA": ("MTNU",),
}
PAIRS = ("crypto", "forex", "commodity")


def seed(apps: Any, schema_editor: Any) -> None:
    session = apps.get_model("market", "TradingSession")
    session.objects.bulk_create(
        session(
            venue=venue,
            weekday=weekday,
            kind=kind,
            opens=hours(text)[0],
            closes=hours(text)[1],
            timezone=timezone,
            valid_from=SINCE,
        )
        for venue, timezone, weekdays, kind, text in SESSIONS
        for weekday in weekdays
    )
    holiday = apps.get_model("market", "Holiday")
    holiday.objects.bulk_create(
        holiday(venue=venue, day=datetime.date.fromisoformat(day), name=name)
        for venue, name, days in HOLIDAYS
        for day in days
    )
    holiday.objects.bulk_create(
        holiday(
            venue=venue,
            day=datetime.date.fromisoformat(day),
            name=name,
            opens=hours(text)[0],
            closes=hours(text)[1],
        )
        for venue, name, days, text in SHORT_DAYS
        for day in days
    )
    instrument = apps.get_model("market", "Instrument")
    for venue, symbols in VENUES.items():
        instrument.objects.filter(symbol__in=symbols).update(venue_code=venue)
    name_bases(instrument)


def name_bases(instrument: Any) -> None:
    """Take the base of pairs from their symbols, such as BTC of BTC-USD."""
    tail = Concat(Value("-"), F("currency"))
    pairs = instrument.objects.filter(type__in=PAIRS, symbol__endswith=tail)
    pairs.alias(size=Length("symbol") - Length(tail)).filter(size__lte=10).update(
        base=Substr("symbol", 1, Length("symbol") - Length(tail))
    )


class Migration(migrations.Migration):
    old_code_works = "It writes only to tables and columns that old code does not know."

    dependencies = [("market", "0002_sources")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
