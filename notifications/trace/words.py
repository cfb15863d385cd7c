"""What became of a message: a sentence for each state, outcome and receipt. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from notifications.choices import DeliveryState
from notifications.delivery.receipts import Fact
from notifications.kinds import Reach
from notifications.trace.parts import Said, Standing
from realtime.outgoing import Outcome

NAMES: Mapping[str, str] = {"push": "Push", "sms": "SMS", "email": "E-mail"}
STATES: Mapping[DeliveryState, Said] = {
    DeliveryState.QUEUED: Said("It waits to be sent."),
    DeliveryState.SENDING: Said("It is being sent now."),
    DeliveryState.UNKNOWN: Said("It may have been sent: the provider's answer is waited for."),
    DeliveryState.ACCEPTED: Said(
        "The provider has taken it; nobody has reported that it arrived.",
        "Ask the provider, by its id.",
    ),
    DeliveryState.DELIVERED: Said("It has arrived."),
    DeliveryState.FAILED: Said("It was not sent, or did not arrive."),
    DeliveryState.BOUNCED: Said(
        "The mailbox sent it back.", "Ask the user to correct and verify the address."
    ),
    DeliveryState.UNRESOLVED: Said(
        "Nobody can know whether it was sent.", "Ask the user; send it again if it did not come."
    ),
    DeliveryState.SKIPPED: Said("Nothing was sent."),
    DeliveryState.CANCELLED: Said("It was cancelled before it was sent."),
    DeliveryState.EXPIRED: Said("Its time was over before it could be sent."),
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.NOT_SENT: "could not be called; nothing was sent",
    Outcome.REFUSED: "refused it",
    Outcome.LATER: "asked to try again later; nothing was sent",
    Outcome.ACCEPTED: "took it",
    Outcome.UNKNOWN: "did not answer in time; it may have been sent",
}
FACTS: Mapping[Fact, str] = {
    "accepted": "took it",
    "delivered": "reported that it arrived",
    "failed": "reported that it did not arrive",
    "bounced": "reported that the mailbox sent it back",
    "complained": "reported that the reader called it spam",
    "displayed": "showed it",
    "clicked": "reported that it was opened by a tap",
    "dismissed": "reported that it was dismissed",
    "opened": "reported that the mail was opened, which proves nothing: mail programs do it too",
    "unsubscribed": "reported that the reader unsubscribed",
}
DIGESTS: Mapping[str, str] = {
    "": "It waits in a digest.",
    "sent": "The digest left without it: it was seen meanwhile, or is not wanted any more.",
    "all_seen": "The digest was not sent: all that was in it had been seen.",
    "no_address": "The digest was not sent: the user had no address that may be used.",
}
CARRIED = "It left in a digest."
REACHES: Mapping[Reach, str] = {
    Reach.NONE: "Nobody is known to have been reached.",
    Reach.ACCEPTED: "A provider has taken a message; nobody has reported that it arrived.",
    Reach.MAILBOX: "An e-mail with it is in the user's mailbox.",
    Reach.ON_DEVICE: "It is on a device of the user.",
    Reach.SEEN: "The user has seen it.",
    Reach.ACTED: "The user has opened it.",
}
HOWS: Mapping[str, str] = {
    "read": "it was marked as read",
    "archived": "it was archived",
    "snoozed": "it was snoozed",
    "seen": "it was shown in the open app",
    "clicked": "the push was tapped",
    "dismissed": "the push was dismissed",
    "displayed": "the push was shown",
    "acked": "the device acknowledged its event",
    "delivered": "the provider reported that it arrived",
    "accepted": "the provider took it",
}
STANDINGS: Mapping[Standing, str] = {
    "sent": "sent",
    "not_sent": "not sent",
    "waiting": "waits",
    "digest": "in a digest",
    "not_needed": "not needed",
    "to_come": "to come",
}
