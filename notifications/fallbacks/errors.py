"""The refusals of fallbacks, beside InvalidInput."""

from __future__ import annotations

from realtime.errors import Conflict, Forbidden, NotFound


class FallbackNotFound(NotFound):
    title = "No such fallback"
    text = "Announcement {} is not followed by SMS."


class NotAllowed(Forbidden):
    title = "Not allowed"
    text = "It takes the right {}."


class OwnFallback(Forbidden):
    title = "Another person decides"
    text = "You have asked for these SMS; let somebody else approve them."


class AlreadyPublished(Conflict):
    title = "Published already"
    text = "Announcement {} is published; say before that it is to be followed by SMS."


class AlreadyRequested(Conflict):
    title = "Asked for already"
    text = "Announcement {} is to be followed by SMS already."


class NothingToApprove(Conflict):
    title = "Nothing to approve"
    text = "There is nothing to approve: these SMS are {}."


class ApprovalTooLate(Conflict):
    title = "Too late"
    text = "The announcement is over, or older than {} hours: no SMS is sent any more."


class NotPublished(Conflict):
    title = "Not published yet"
    text = "Announcement {} may still be changed; approve its SMS once it is published."


class NoSms(Conflict):
    title = "SMS not set up"
    text = "No provider of SMS is set up here; set SMS_PROVIDERS."
