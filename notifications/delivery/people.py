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

from notifications.choices import AddressState as State
from notifications.delivery.states import NEVER_SENT
from notifications.kinds import Channel
from notifications.models import Address, Consent, Delivery, Preference, Suppression
from notifications.policy.facts import EVERYTHING, OPTIONAL, AddressState, Chosen
from notifications.preferences import selectors as preferences

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
    people = known(user_ids, now)
    left = (
        Delivery.objects.filter(user__in=people, created_at__gt=now - CAP_WINDOW)
        .exclude(state__in=NEVER_SENT)
        .values_list(
            "user_id", "channel", "category", "pk", "notification_id", "digest_id",
            "announcement_id",
        )
    )  # fmt: skip
    for user_id, channel, category, number, *source in left:
        people[user_id].left.append(Left(channel, category, number, tuple(source)))
    active = get_user_model()._default_manager.filter(pk__in=people, is_active=True)
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
    for row in Consent.objects.filter(user__in=people).order_by("pk"):
        channel: Any = row.channel
        consents[row.user_id][channel, row.category] = row.granted  # the newest one counts
    for user_id in consents:
        people[user_id].chosen = Chosen(consents=consents[user_id])
    for own in Preference.objects.filter(user__in=people):
        people[own.pk].chosen = preferences.chosen(own, consents.get(own.pk, {}))


def _add_addresses(people: Mapping[int, Person], now: datetime) -> None:
    rows = list(
        Address.objects.filter(
            ~Q(state=State.REMOVED) | Q(removed_at__gt=now - FORMER_FOR), user__in=people
        ).order_by("pk")
    )
    # The one that was verified last is preferred.
    rows.sort(key=lambda row: (row.verified_at or row.created_at, row.pk), reverse=True)
    found: dict[tuple[str, str], list[KnownAddress]] = defaultdict(list)
    for row in rows:
        person = people[row.user_id]
        known = KnownAddress(
            id=row.pk,
            hash=row.hash,
            is_verified=row.state == State.VERIFIED or row.removed_at is not None,
            is_former=row.state == State.REMOVED,
            locale=row.locale,
        )
        channel: Any = row.channel
        person.addresses.setdefault(channel, []).append(known)
        found[row.channel, row.hash].append(known)
        if row.channel == "sms" and not person.country:
            person.country = country_of(row.value)
    for channel, value, scope, reason in Suppression.objects.filter(
        Q(until__isnull=True) | Q(until__gt=now),
        channel__in={row.channel for row in rows},  # their index begins with it
        hash__in={row.hash for row in rows},
    ).values_list("channel", "hash", "scope", "reason"):
        for known in found[channel, value]:
            known.suppressions[scope] = reason


def country_of(number: str) -> str:
    """Return the country of a phone number, such as UG; "" for one that has none."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.region_code_for_number(parsed) or ""
