"""The refusals of addresses and codes, beside InvalidInput."""

from __future__ import annotations

from realtime.errors import Conflict, NotFound, Refused


class AddressNotFound(NotFound):
    title = "No such address"
    text = "There is no such address. `GET addresses` lists yours."


class AddressKnown(Conflict):
    """The user has proven it already."""

    title = "Yours already"
    text = "This address is verified and yours: there is nothing to add."


class TooManyAddresses(Conflict):
    title = "Too many addresses"
    text = "There are {} of these already. Remove one, then add another."


class ChannelOff(Conflict):
    """This deployment sends nothing by the channel."""

    title = "Channel not set up"
    text = "Nothing is sent by {} here, so no address can be proven."


class PushOff(NotFound):
    title = "No web push"
    text = "Web push is not set up here."


class PushNotSent(Refused):
    """The push service did not take a test message."""

    status = 503
    title = "Not sent"
    text = "The push service has not taken the message. Try in a minute, or turn push on anew."


class WrongCode(Conflict):
    """`tries_left` is how often it may be tried again; at 0, ask for a new code."""

    title = "Wrong code"
    text = "This is not the code that was sent, or its time is over; {tries_left} tries are left."

    def __init__(self, tries_left: int) -> None:
        super().__init__(tries_left=tries_left)


class TooManyCodes(Refused):
    """`retry_after` is in seconds."""

    status = 429
    title = "Too many codes"
    text = "A code was sent a moment ago, or many were; ask again in {retry_after} seconds."

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)


class CodeNotSent(Refused):
    """No provider took the code. The address is kept: ask for another code."""

    status = 503
    title = "Code not sent"
    text = "The code could not be sent now. Ask for another one in a minute."
