"""The refusals of a change of preferences, beside InvalidInput."""

from __future__ import annotations

from realtime.errors import Refused


class VersionMissing(Refused):
    """The change does not say which version it changes."""

    status = 428
    title = "Version missing"
    text = "Say which version you change: send its `ETag` as `If-Match`, or `*` for any."


class VersionChanged(Refused):
    """Somebody else changed the preferences meanwhile; `version` is what they are at now."""

    status = 412
    title = "Changed meanwhile"
    text = "The preferences are at version {version} by now: read them, then change them again."

    def __init__(self, version: int) -> None:
        super().__init__(version=version)
