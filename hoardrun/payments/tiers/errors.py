"""The refusals of decisions on tiers."""

from __future__ import annotations

from realtime.errors import Forbidden


class OwnTier(Forbidden):
    title = "Another person decides"
    text = "This is your own tier: another member of staff has to decide on it."
