"""The refusals of acts of support, beside InvalidInput."""

from __future__ import annotations

from realtime.errors import Conflict, Refused


class NoLadder(Conflict):
    title = "No ladder"
    text = "It has no ladder: nothing of it leaves the app."


class LadderOver(Conflict):
    title = "Ended already"
    text = "Its ladder has ended already: nothing more is sent."


class NotOffered(Conflict):
    title = "Not by this channel"
    text = "This kind of notification does not go by {}."


class StillToCome(Conflict):
    """The rung is not decided yet, or a message is on its way."""

    title = "On its way"
    text = "A message by {} is on its way, or goes out by itself if it is needed."


class OnlyOnRequest(Conflict):
    """Neither required, nor asked for by the user."""

    title = "Not required"
    text = "This kind is not required by {}: send it again only if the user has asked for it."


class NoUsableAddress(Conflict):
    title = "No address"
    text = "The user has no address for {} that may be used: see the reasons there."


class IdempotencyConflict(Refused):
    status = 422  # as everywhere: 409 is for changes by another person
    title = "Idempotency key used before"
    text = (
        "This Idempotency-Key was used to send it again in another way. "
        "Repeat the first request unchanged, or send a new key."
    )


class ChannelIsOff(Conflict):
    title = "Channel off"
    text = "Nothing is sent by {} here now: it has no provider, or staff has stopped it."
