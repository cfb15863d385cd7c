"""The refusals of price alerts."""

from __future__ import annotations

from realtime.errors import Conflict, NotFound, Refused


class AlertNotFound(NotFound):
    title = "No such alert"
    text = "There is no such alert. `GET price-alerts` lists yours."


class AlertLimit(Conflict):
    """There are as many alerts as may be: of this user, or of all users."""

    title = "Too many alerts"
    text = "There are {} alerts already. Remove one, then add another."


class AlreadyTrue(Conflict):
    """What the alert waits for is so now; `current` has the number, as its threshold is written."""

    title = "It is so already"
    text = (
        "It is at {current} already, so the alert would wait for nothing. Choose another "
        'threshold, or send `if_true` as "fire" to be told at once.'
    )

    def __init__(self, current: str) -> None:
        super().__init__(current=current)


class AlertChanged(Refused):
    """The alert has changed since it was read; `version` is what it is at now."""

    status = 412
    title = "Changed meanwhile"
    text = "The alert is at version {version} by now: read it, then change it again."

    def __init__(self, version: int) -> None:
        super().__init__(version=version)
