"""Write times for a trace. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from realtime.protocol.codec import timestamp


def stamp(moment: datetime) -> str:
    """Write a time as the API does."""
    return timestamp(moment)


def maybe(moment: datetime | None) -> str | None:
    """Write a time that there may be."""
    return None if moment is None else timestamp(moment)


def spoken(moment: datetime | None) -> str:
    """Write a time for a sentence."""
    return "an unknown time" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def of_text(text: str | None) -> str:
    """Write a time that was stored as text, such as that of an evidence, for a sentence."""
    return "" if not text else spoken(datetime.fromisoformat(text))
