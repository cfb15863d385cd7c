"""Read what users have chosen and where they can be reached: a few queries for many users."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import phonenumbers
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.db.models.functions import Coalesce

from notifications.choices import AddressState as State
from notifications.delivery.states import NEVER_SENT
from notifications.kinds import Channel
from notifications.models import Address, Consent, Delivery, Preference, Suppression
from notifications.policy.facts import EVERYTHING, OPTIONAL, AddressState, Chosen
from notifications.preferences import selectors as preferences
from realtime.sql.any_of import AnyOf

CAP_WINDOW = timedelta(hours=24)
# An address that was replaced so shortly ago still gets the notice that says so.
FORMER_FOR = timedelta(hours=1)


@dataclass(slots=True)
class KnownAddress:
    """An address of a user, with the suppressions of it: their reasons by scope."""

    id: int
    hash: str
    is_verified: bool
    is_former: bool
    locale: str
    suppressions: dict[str, str] = field(default_factory=dict)

    def state(self, category: str) -> AddressState:
        """Return what a decision about a category needs to know of it."""
        return AddressState(
            id=self.id,
            is_verified=self.is_verified,
            suppressed=self.suppressions.get(EVERYTHING, ""),
            opted_out=self.suppressions.get(OPTIONAL, "") or self.suppressions.get(category, ""),
            former=self.is_former,
        )


class Left(NamedTuple):
    """A delivery that left lately."""

    channel: str
    category: str
    delivery_id: int
    source: tuple[int | None, ...]  # the notification, digest or announcement


@dataclass(slots=True)
class Person:
    """A user, as far as decisions need to know."""

    chosen: Chosen = Chosen()
    addresses: dict[Channel, list[KnownAddress]] = field(default_factory=dict)
    country: str = ""
    is_active: bool = True
    left: list[Left] = field(default_factory=list)

    def sent(self, channel: Channel, category: str, before: int | None) -> int:
        """Count the messages that left lately; with `before`, only those of older deliveries.

        One that went to several addresses counts once.
        """
        return len(
            {
                one.source
                for one in self.left
                if (one.channel, one.category) == (channel, category)
                and (before is None or one.delivery_id < before)
            }
        )


def load(user_ids: Collection[int], now: datetime) -> dict[int, Person]:
    """Return each of these users."""
    if not user_ids:
        return {}
    people = known(user_ids, now)
    left = (
        Delivery.objects.filter(AnyOf("user", people), created_at__gt=now - CAP_WINDOW)
        .exclude(state__in=NEVER_SENT)
        .values_list(
            "user_id", "channel", "category", "pk", "notification_id", "digest_id",
            "announcement_id",
        )
    )  # fmt: skip
    for user_id, channel, category, number, *source in left:
        people[user_id].left.append(Left(channel, category, number, tuple(source)))
    active = get_user_model()._default_manager.filter(AnyOf("pk", people), is_active=True)
    present = set(active.values_list("pk", flat=True))
    for user_id, person in people.items():
        person.is_active = user_id in present
    return people


def known(
    user_ids: Collection[int], now: datetime, *, with_addresses: bool = True
) -> dict[int, Person]:
    """Return what each of these users has chosen, and their addresses; not what caps count.

    That is enough to show what has been decided.
    """
    people = {user_id: Person() for user_id in user_ids}
    _add_choices(people)
    if with_addresses:
        _add_addresses(people, now)
    return people


def addresses(user_id: int, now: datetime) -> dict[Channel, list[KnownAddress]]:
    """Return the addresses of one user, by channel."""
    person = Person()
    _add_addresses({user_id: person}, now)
    return person.addresses


def _add_choices(people: Mapping[int, Person]) -> None:
    consents: dict[int, dict[tuple[Channel, str], bool]] = defaultdict(dict)
    for row in Consent.objects.filter(AnyOf("user", people)).order_by("pk"):
        channel: Any = row.channel
        consents[row.user_id][channel, row.category] = row.granted  # the newest one counts
    for user_id in consents:
        people[user_id].chosen = Chosen(consents=consents[user_id])
    for own in Preference.objects.filter(AnyOf("user", people)):
        people[own.pk].chosen = preferences.chosen(own, consents.get(own.pk, {}))


def _add_addresses(people: Mapping[int, Person], now: datetime) -> None:
    rows = (
        Address.objects.filter(
            AnyOf("user", people),
            ~Q(state=State.REMOVED) | Q(removed_at__gt=now - FORMER_FOR),
        )
        # The one that was verified last is preferred.
        .order_by(Coalesce("verified_at", "created_at").desc(), "-pk")
        .values_list(
            "pk", "user_id", "channel", "hash", "state", "removed_at", "locale", "value"
        )
    )  # fmt: skip
    found: dict[tuple[str, str], list[KnownAddress]] = defaultdict(list)
    for number, user_id, name, digest, state, removed_at, locale, value in rows:
        person = people[user_id]
        known = KnownAddress(
            id=number,
            hash=digest,
            is_verified=state == State.VERIFIED or removed_at is not None,
            is_former=state == State.REMOVED,
            locale=locale,
        )
        channel: Any = name
        person.addresses.setdefault(channel, []).append(known)
        found[channel, digest].append(known)
        if channel == "sms" and not person.country:
            person.country = country_of(value)
    if not found:
        return
    for channel, digest, scope, reason in Suppression.objects.filter(
        Q(until__isnull=True) | Q(until__gt=now),
        channel__in={channel for channel, _ in found},  # their index begins with it
        hash__in={digest for _, digest in found},
    ).values_list("channel", "hash", "scope", "reason"):
        for known in found[channel, digest]:
            known.suppressions[scope] = reason


def country_of(number: str) -> str:
    """Return the country of a phone number, such as UG; "" for one that has none."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.region_code_for_number(parsed) or ""
