"""The venues whose recordings can be played. A new one is a file here and a name in `VENUES`."""

from __future__ import annotations

from hoardrun.market.recording.venues.alpaca import Alpaca
from hoardrun.market.recording.venues.base import Speaker
from hoardrun.market.recording.venues.coinbase import Coinbase
from hoardrun.market.recording.venues.kraken import Kraken

VENUES: dict[str, type[Speaker]] = {
    speaker.source: speaker for speaker in (Kraken, Coinbase, Alpaca)
}


class VenueNotPlayed(ValueError):
    """No speaker plays the recordings of this venue."""


def speaker_named(source: str) -> Speaker:
    """Return what speaks as a venue does. Raises VenueNotPlayed, which names the known ones."""
    if source not in VENUES:
        known = ", ".join(sorted(VENUES))
        raise VenueNotPlayed(f"Recordings of {source[:40]!r} cannot be played. Known are: {known}.")
    return VENUES[source]()
