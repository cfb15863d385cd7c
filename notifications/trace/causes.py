"""Why a rung sent something or nothing: a sentence for each rule, and what would change it. Pure.

A test holds that every rule of `policy` has its own, and each reason that deliveries are stored
with.
"""

from __future__ import annotations

from collections.abc import Mapping

from notifications.delivery.doubt import NOT_REPEATED
from notifications.policy.facts import CloseReason, Rule
from notifications.trace.parts import Said

ADDRESS = {"push": "a device for push", "sms": "a phone number", "email": "an e-mail address"}
RULES: Mapping[Rule, Said] = {
    "cancelled": Said(
        "It was cancelled before this was due.", "Write a new notification if it still matters."
    ),
    "superseded": Said("A newer notification made it void.", "Look at the newer one."),
    "expired": Said("Its time was over before this could be sent."),
    "inactive": Said("The account of the user is not active.", "Activate the user."),
    "channel_off": Said(
        "The channel had no provider, or staff had stopped it.",
        "Set up a provider for the channel, or let the channel go on.",
    ),
    "no_address": Said("The user had no address.", "Ask the user to add {address}."),
    "unverified": Said("No address of the user was verified.", "Ask the user to verify {address}."),
    "suppressed": Said("The address is suppressed.", "Lift the suppression."),
    "required": Said("It must go by this channel, and no choice of the user changes that."),
    "no_consent": Said(
        "The user has not agreed to such messages.", "Only the user can agree, in the settings."
    ),
    "unsubscribed": Said(
        "The user has unsubscribed from such messages.",
        "Only the user can agree again, in the settings or by START.",
    ),
    "switched_off": Said(
        "The user has switched it off.", "Only the user can switch it on, in the settings."
    ),
    "muted": Said(
        "The user had muted notifications for a while.",
        "It ends by itself, or when the user ends it in the settings.",
    ),
    "not_chosen": Said(
        "It is off until the user switches it on.", "Ask the user to switch it on in the settings."
    ),
    "capped": Said(
        "As many messages as the limit allows had left already.",
        "Raise the limit of the deployment if that happens often.",
    ),
    "quiet": Said(
        "The user has quiet hours.", "It goes on when they end; the user can change them."
    ),
    "hours": Said("Such messages leave by day only.", "It goes on in the morning."),
    "volley": Said(
        "Others had just left at the end of the same quiet time, so it joined a digest."
    ),
    "reached": Said("The user had been reached already."),
    "due": Said("It was due, and nobody had been reached as surely as it asks for."),
    "digest": Said("It belongs into a digest, by its kind or by the user's choice."),
    "exhausted": Said("All steps of its ladder had been decided."),
}
# Reasons that deliveries are stored with, beside rules and what providers say.
REASONS: Mapping[str, Said] = {
    "reached_before_send": Said("The user was reached just before the call, so none was made."),
    "not_repeated": Said("It was not sent once more."),
    "other": Said("Another address of the user was used."),
    "country": Said("No SMS go to the country of the number.", "Add the country to SMS_COUNTRIES."),
    "spent": Said(
        "The money for SMS of this hour was used up.", "Raise SMS_COST_PER_HOUR if that is right."
    ),
    "blocked": Said(
        "No provider of the channel takes messages now, or staff have stopped it.",
        "Look at the page Channels.",
    ),
    "after_restore": Said(
        "The database was restored: nobody knows whether it had left.",
        "Ask the user whether it came, then send it again if it did not.",
    ),
    "emergency": Said("No device of the user had the announcement."),
    "removed": Said("The user removed the address.", "Ask the user to add {address}."),
    "replaced": Said("The user replaced the address by another one."),
    "moved": Said("Somebody else has proven the address.", "Ask the user to add {address}."),
    "resend": Said("Somebody decided to send it once more."),
    "refused": Said("A provider refused it, and the next one is tried."),
    "not_sent": Said("The provider could not be called, and it is tried again."),
    "later": Said("The provider asked to try again later."),
    "gone": Said("The push service knows the device no more.", "Ask the user to switch push on."),
    "invalid": Said("The address does not exist.", "Ask the user to correct and verify it."),
    "opted_out": Said(
        "The owner of the address has opted out there.", "The owner writes START to our number."
    ),
    "bounced": Said("The mailbox does not exist.", "Ask the user to correct and verify it."),
    "rejected": Said(
        "The mailbox has refused this e-mail, as a full one does.", "It may take the next one."
    ),
    "bouncing": Said("The mailbox has refused mail too often lately.", "It ends by itself."),
    "complained": Said(
        "The owner of the mailbox has called our mail spam.",
        "Lift the suppression if the owner asks for it: two people decide.",
    ),
}
# Why ladders end.
CLOSED: Mapping[CloseReason, str] = {
    "reached": "The user was reached, so nothing more was sent.",
    "exhausted": "All steps were decided; none is left.",
    "cancelled": "It was cancelled, so nothing more was sent.",
    "superseded": "A newer notification made it void, so nothing more was sent.",
    "expired": "Its time was over.",
    "unreachable": "The user could not be reached: no step came to an end that helps.",
}
UNKNOWN_KIND = "Its kind is not declared by this release, so nothing was sent."
_KNOWN: Mapping[str, Said] = {**{str(rule): said for rule, said in RULES.items()}, **REASONS}


def cause(rule: str, reason: str, channel: str) -> Said:
    """Return why a rung ended as it did: by its reason if there is one, else by the rule."""
    base, _, inside = reason.partition("(")
    if base == NOT_REPEATED:
        inner = cause(rule, inside.removesuffix(")"), channel)
        return Said(f"{REASONS[base].text} {inner.text}", inner.advice)
    said = _KNOWN.get(base or rule, Said(f"The reason that was given: {reason or rule}."))
    text = said.text
    if base == "suppressed" and (why := REASONS.get(inside.rstrip(")"))) is not None:
        text = f"The address is suppressed. {why.text}"
    elif base == "capped" and inside:
        text = f"As many SMS as a {inside.rstrip(')')} may get in a day had left already."
    return Said(text, said.advice.format(address=ADDRESS.get(channel, "an address")))
