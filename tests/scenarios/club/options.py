"""The options of the club in the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from realtime.option_fields import whole


@dataclass(frozen=True)
class ClubOptions:
    """Each field is a variable: CLUB_FIRST_PRICE."""

    PREFIX: ClassVar[str] = "CLUB_"

    first_price: int = whole(100, 1, 10_000)
    """What a share costs when the feed begins."""
