"""Take the number that an alert watches from the newest quote. Pure."""

from __future__ import annotations

from decimal import Decimal

from hoardrun.market import scaled
from hoardrun.market.alerts.choices import Metric
from hoardrun.market.alerts.desk import TRUSTED
from hoardrun.market.alerts.thresholds import change
from hoardrun.market.quotes import LiveQuote

# Which change a quote's own is, by the window that it names.
_CHANGE_OF = {"rolling_24h": Metric.CHANGE_DAY, "session": Metric.CHANGE_SESSION}


def is_suspended(quote: LiveQuote | None) -> bool:
    """Say whether alerts wait because there is no price, or none that can be trusted."""
    return quote is None or quote.feed not in TRUSTED


def price_of(quote: LiveQuote) -> int:
    """Return the price in whole steps."""
    return _steps(quote.price, quote.listing.decimals)


def reference_of(quote: LiveQuote, metric: Metric) -> int | None:
    """Return the price that a change is reckoned from, if the quote has it."""
    if quote.previous_close is None or _CHANGE_OF.get(quote.window) is not metric:
        return None
    return _steps(quote.previous_close, quote.listing.decimals) or None


def number_of(quote: LiveQuote, metric: Metric) -> int | None:
    """Return the number that an alert watches, None if the quote does not have it."""
    match metric:
        case Metric.PRICE:
            return price_of(quote)
        case Metric.VOLUME:
            return None if quote.volume is None else _steps(quote.volume, scaled.VOLUME_EXPONENT)
        case _:
            reference = reference_of(quote, metric)
            return None if reference is None else change(price_of(quote), reference)


def _steps(value: Decimal, exponent: int) -> int:
    return scaled.rounded(value, exponent)
