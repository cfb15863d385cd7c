"""All changes of what a user chooses: one transaction each, with its record and its message.

A change tells all devices of the user, and lets the user's open ladders be judged at once: what
is chosen when a rung fires counts. A repeated one changes nothing, and tells and records nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import msgspec
from django.contrib.auth import get_user_model

from notifications.delivery.closing import ladders_wake
from notifications.kinds import CHANNELS, Channel
from notifications.models import Consent, Preference, PreferenceChange
from notifications.preferences import former, values
from notifications.preferences.errors import VersionChanged
from notifications.preferences.selectors import (
    CHOSEN,
    consents_granted,
    consents_newest,
    preferences_payload,
)
from notifications.validation import text
from realtime import clock
from realtime.errors import InvalidInput, NotFound
from realtime.publish import publish
from realtime.retry import one_transaction
from realtime.streams import user_stream

MAX_WORDING = 2000


class Origin(NamedTuple):
    """The person who makes a change, and the source: kept with it."""

    actor: str  # such as `user:17`, `staff:3` or `system`
    source: str  # the door: `api`, `unsubscribe`, `sms`
    address: str = ""  # of the client


@one_transaction
def preferences_change(
    *, user_id: int, changes: Mapping[str, Any], by: Origin, version: int | None = None
) -> Preference:
    """Change the choices that `changes` names, and leave the others.

    `cells` and `digests` are merged by name, and null takes a choice back. With a `version`, it
    must be the present one. Raises InvalidInput, VersionChanged and NotFound.
    """
    row = _locked(user_id, version)
    _change(row, changes, by)
    return row


@one_transaction
def preferences_replace(
    *, user_id: int, chosen: Mapping[str, Any], by: Origin, version: int | None = None
) -> Preference:
    """Make `chosen` all that is chosen, as `preferences_change` does with a part."""
    row = _locked(user_id, version)
    _change(row, chosen, by, is_whole=True)
    return row


@one_transaction
def preferences_take_former(*, user_id: int, wanted: Mapping[str, Any], by: Origin) -> None:
    """Change what the shape of an older API shows; see `former`. Raises InvalidInput."""
    row = _locked(user_id)
    chosen = preferences_payload(row)
    now = former.shown(chosen, consents_granted(user_id))
    said = [
        _say(user_id, category, channel, granted, former.WORDING.format(category), by)[1]
        for category, channel, granted in former.consents(now, wanted)
    ]
    _change(row, former.changes(chosen, now, wanted), by, is_told=any(said))


@one_transaction
def consent_record(
    *, user_id: int, category: str, channel: str, granted: bool, by: Origin, wording: str = ""
) -> Consent:
    """Record that a user consents to optional messages of a category by a channel, or no more.

    The category "" is everything optional. `wording` is the sentence that the user was shown; a
    consent needs one. The version of the preferences grows, as what is sent changes. Raises
    InvalidInput and NotFound.
    """
    if category and category not in values.categories():
        raise InvalidInput("category", f"is none; there are {', '.join(values.categories())}")
    if channel not in CHANNELS:
        raise InvalidInput("channel", f"is no channel; there are {', '.join(CHANNELS)}")
    if granted or wording:
        wording = text("wording", wording, MAX_WORDING)
    row = _locked(user_id)
    consent, is_new = _say(user_id, category, channel, granted, wording, by)
    if is_new:
        _tell(row, {}, {}, by)
    return consent


def _say(
    user_id: int, category: str, channel: str, granted: bool, wording: str, by: Origin
) -> tuple[Consent, bool]:
    """Store a consent or its end, unless the newest row says so; return it, and if it is new."""
    known = consents_newest(user_id).get((cast("Channel", channel), category))
    if known is not None and known.granted == granted and known.wording == wording:
        return known, False
    made = Consent.objects.create(
        user_id=user_id, channel=channel, category=category, granted=granted, wording=wording,
        actor=by.actor, source=by.source, address=by.address, created_at=clock.now(),
    )  # fmt: skip
    return made, True


def _change(
    row: Preference,
    given: Mapping[str, Any],
    by: Origin,
    *,
    is_whole: bool = False,
    is_told: bool = False,
) -> None:
    """Apply what is given to a locked row, and tell it if it changes anything, or if `is_told`."""
    before = {name: getattr(row, name) for name in CHOSEN}
    _apply(row, given, is_whole=is_whole)
    changed = [name for name in CHOSEN if getattr(row, name) != before[name]]
    if changed or is_told:
        after = {name: getattr(row, name) for name in changed}
        _tell(row, {name: before[name] for name in changed}, after, by)


def _apply(row: Preference, given: Mapping[str, Any], *, is_whole: bool) -> None:
    """Set what is given on the row, checked; without the rest of it if it is the whole."""
    if is_whole:
        blank = Preference()
        for name in CHOSEN:
            setattr(row, name, getattr(blank, name))
    for name, value in given.items():
        match name:
            case "cells":
                row.cells = values.merged(row.cells, value)
            case "quiet":
                row.quiet = values.windows(value)
            case "digests":
                row.digests = values.digests(row.digests, value)
            case "zone":
                row.zone = values.zone(value)
            case "locale":
                row.locale = values.language(value)
            case "muted_until":
                row.muted_until = values.muted_until(value, clock.now())
            case "hide_amounts":
                row.hide_amounts = values.switch("hide_amounts", value)
            case "sms_above" | "sms_above_currency":
                pass  # they are checked together, below
            case _:
                raise InvalidInput(name, f"cannot be chosen; there are {', '.join(CHOSEN)}")
    if {"sms_above", "sms_above_currency"} & given.keys():
        amount = given.get("sms_above", row.sms_above)
        currency = given.get("sms_above_currency", row.sms_above_currency)
        row.sms_above, row.sms_above_currency = values.threshold(amount, currency)
    if row.quiet and not row.zone:
        raise InvalidInput("zone", "is needed for quiet hours; give one such as Africa/Nairobi")


def _locked(user_id: int, version: int | None = None) -> Preference:
    """Return the choices of a user, one change at a time; the user's row is what is locked.

    Raises VersionChanged if they are at another version than the one that is given.
    """
    users = get_user_model()._default_manager.select_for_update(no_key=True)
    if users.filter(pk=user_id).values_list("pk").first() is None:
        raise NotFound(f"There is no user {user_id}.")
    row = Preference.objects.filter(pk=user_id).first() or Preference(user_id=user_id)
    if version is not None and version != row.version:
        raise VersionChanged(row.version)
    return row


def _tell(row: Preference, old: Mapping[str, Any], new: Mapping[str, Any], by: Origin) -> None:
    """Save the next version with its record, wake the ladders, and tell the devices."""
    row.version += 1
    row.updated_at = clock.now()
    row.save()
    PreferenceChange.objects.create(
        user_id=row.user_id, version=row.version, actor=by.actor, source=by.source,
        address=by.address, old=msgspec.to_builtins(old), new=msgspec.to_builtins(new),
        created_at=row.updated_at,
    )  # fmt: skip
    ladders_wake(row.user_id)
    publish(user_stream(row.user_id), preferences_payload(row))
