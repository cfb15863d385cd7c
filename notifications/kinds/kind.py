"""The declaration of a kind of notification: its ladder, its rules, the values of its texts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from enum import IntEnum
from functools import cached_property
from typing import Literal

import msgspec

from notifications.messages import NotificationType, Priority

Channel = Literal["push", "sms", "email"]
CHANNELS: tuple[Channel, ...] = ("push", "sms", "email")
Privacy = Literal["public", "amount", "secret"]
OnUnknown = Literal["hold", "next", "resend_once"]
Variables = type[msgspec.Struct]


class Reach(IntEnum):
    """The degrees in which a person can be reached; each includes the ones before it."""

    NONE = 0
    ACCEPTED = 1  # a provider took the message
    MAILBOX = 2  # an e-mail was delivered
    ON_DEVICE = 3  # on a phone, or a desktop that its person is using
    SEEN = 4  # shown to the person
    ACTED = 5  # read, clicked, answered


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a ladder: send by `channel`, `after` the event, unless somebody was reached."""

    channel: Channel
    after: timedelta = timedelta()
    unless: Reach | None = None  # None: always
    required: bool = False  # no preference of the user switches it off
    chosen: bool = True  # False: only if the user has switched it on
    at_once_if_away: bool = False  # do not wait where no socket of the user is active
    required_above: bool = False  # always, from the amount on that the user has set
    digest: bool = False  # never alone: it joins the digest of its category
    hours: tuple[str, str] | None = None  # local times between which alone it leaves


class Kind(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One kind of notification. Declared in the app that owns it, registered in its `ready()`.

    `ladder` is in the order of escalation: where nobody can be reached by a rung, the next one is
    due at once. A rung's number is its place there. Registering refuses what is incomplete.
    `variables` is the frozen struct of what its texts are made of; `samples` hold examples, with
    which each text is rendered at the start. An action opens the app, which confirms it there:
    whoever holds a locked phone may tap on it. Its button is named by the texts.
    """

    name: str  # such as `transaction.debit`
    title: str  # its name for people, in English
    type: NotificationType
    category: str  # what preferences, digests, caps and tabs group by
    variables: Variables
    samples: tuple[msgspec.Struct, ...]
    ladder: tuple[Rung, ...] = ()
    priority: Priority = "medium"
    privacy: Privacy = "public"
    lives_for: timedelta = timedelta(days=1)  # nothing is sent after it
    digestible: bool = False
    opt_in: bool = False  # leaves the app only with the user's consent
    ignores_quiet_hours: bool = False
    ignores_caps: bool = False
    per_day: int | None = None  # of its category by one channel, in any 24 hours
    to_former_address: bool = False  # also to the address that was replaced
    actions: tuple[str, ...] = ()  # of the buttons below a push message, in their order
    on_unknown: OnUnknown = "next"

    @property
    def required_channels(self) -> frozenset[Channel]:
        """Return the channels that the user cannot switch off."""
        return frozenset(rung.channel for rung in self.ladder if rung.required)

    @cached_property
    def policy_version(self) -> str:
        """Return a hash of the rules: each row that they decided keeps it."""
        rules = {
            name: getattr(self, name)
            for name in self.__struct_fields__
            if name not in {"variables", "samples", "title", "actions"}
        }
        text = msgspec.json.encode(rules, order="sorted")
        return hashlib.sha256(text).hexdigest()[:12]


def first_due(ladder: Sequence[Rung]) -> timedelta:
    """Return how long after the event the first rung is judged: at once if one may be due."""
    if any(rung.at_once_if_away for rung in ladder):
        return timedelta()
    return min((rung.after for rung in ladder), default=timedelta())
