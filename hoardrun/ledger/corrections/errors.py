"""The refusals of corrections, beside those of transactions."""

from __future__ import annotations

from realtime.errors import Conflict, NotFound


class CorrectionNotFound(NotFound):
    title = "No such correction"
    text = "Nobody has asked for a correction {!s:.64}."


class CorrectionDecided(Conflict):
    title = "Decided already"
    text = "It is {} already."
