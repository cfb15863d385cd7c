"""The refusals of lifts, beside InvalidInput."""

from __future__ import annotations

from realtime.errors import Conflict, NotFound


class SuppressionNotFound(NotFound):
    title = "No such suppression"
    text = "There is no suppression {!s:.64}, or no longer."


class LiftNotFound(NotFound):
    title = "No such request"
    text = "Nobody has asked for a lift {!s:.64}."


class LiftWaits(Conflict):
    """Somebody has asked for it already."""

    title = "Waits already"
    text = "Request {} to lift it waits for a second person."


class LiftDecided(Conflict):
    title = "Decided already"
    text = "It is {} already."


class SuppressedAgain(Conflict):
    """The suppression is not the one that was asked about."""

    title = "Another suppression"
    text = "It is gone, or the address was suppressed again since: look at it and ask anew."
