"""Say who gets an SMS after an emergency announcement, and why a user got one or none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.models import CHANGE
from msgspec import Struct

from notifications.delivery import fallback as sms_after
from notifications.delivery import people
from notifications.fallbacks.selectors import fallback_sent
from notifications.models import Announcement, Delivery, Fallback, Suppression
from notifications.trace.loading import Loaded, load_deliveries
from notifications.trace.parts import Entry, Said, Sending
from notifications.trace.sendings import sendings, suppression_said
from notifications.trace.timeline import of_sendings
from realtime import audit, clock
from realtime.core.text import row_id
from realtime.errors import NotFound
from realtime.retry import one_transaction
from realtime.trace.moments import maybe, spoken, stamp

# Where the SMS stand: the states of a fallback, and none.
STANDINGS = {
    "": Said("No SMS were asked for after this announcement."),
    "waiting_for_publication": Said("SMS are asked for; it is not published yet.", "Publish it."),
    "waiting_for_approval": Said(
        "SMS are asked for, and nobody has approved them.", "Ask a second person to approve them."
    ),
    "waiting_for_devices": Said("SMS are approved; devices have time to get it before."),
    "running": Said("A worker goes through the users, in the order of their ids."),
    "finished": Said("All users have been gone through."),
    "cancelled": Said("The SMS were cancelled, or the announcement was over before them."),
}
ADD_NUMBER = "Ask the user to add a phone number and to verify it."


class ForUser(Struct, frozen=True, kw_only=True):
    """Why one user got an SMS, or none."""

    user_id: str
    text: str
    advice: str
    sendings: tuple[Sending, ...]
    timeline: tuple[Entry, ...]


class AnnouncementTrace(Struct, frozen=True, kw_only=True):
    """How far the SMS after an announcement are, and with a user what that user got."""

    announcement_id: str
    published_at: str | None
    event_offset: int | None
    epoch: str
    state: str  # of the SMS; "" where nobody has asked for any
    text: str
    advice: str
    requested_at: str | None
    approved_at: str | None
    due_at: str | None
    cancelled_at: str | None
    finished_at: str | None
    checked: int
    reached: int
    queued: int
    unreachable: int
    sent: dict[str, int]  # SMS by their states
    user: ForUser | None
    traced_at: str

    @property
    def standing(self) -> str:
        return self.state.replace("_", " ") or "no SMS"


@one_transaction
def announcement_look(
    announcement_id: int | str, *, by: int, door: str, user: Any = None
) -> AnnouncementTrace:
    """Return the trace of an announcement, and record who asked. Raises NotFound."""
    found = announcement_trace(announcement_id, user=user)
    row = Announcement(pk=int(found.announcement_id), title="")
    of = "" if user is None else f" for user {user.pk}"
    audit.log(by, [row], CHANGE, f"Looked at its trace{of} {door}.")
    return found


def announcement_trace(announcement_id: int | str, *, user: Any = None) -> AnnouncementTrace:
    """Say how far the SMS after an announcement are. Raises NotFound."""
    row = Announcement.objects.filter(pk=row_id(announcement_id)).first()
    if row is None:
        raise NotFound(f"There is no announcement {announcement_id!s:.64}.")
    after = Fallback.objects.filter(pk=row.pk).select_related("announcement").first()
    state = "" if after is None else after.state
    said = STANDINGS[state]
    return AnnouncementTrace(
        announcement_id=str(row.pk),
        published_at=maybe(row.published_at),
        event_offset=row.event_offset,
        epoch="" if after is None else after.epoch,
        state=state,
        text=said.text,
        advice=said.advice,
        requested_at=None if after is None else maybe(after.requested_at),
        approved_at=None if after is None else maybe(after.approved_at),
        due_at=None if after is None else maybe(after.due_at),
        cancelled_at=None if after is None else maybe(after.cancelled_at),
        finished_at=None if after is None else maybe(after.finished_at),
        checked=0 if after is None else after.checked,
        reached=0 if after is None else after.reached,
        queued=0 if after is None else after.queued,
        unreachable=0 if after is None else after.unreachable,
        sent={} if after is None else fallback_sent(after),
        user=None if user is None else _for_user(row, after, user),
        traced_at=stamp(clock.now()),
    )


def _for_user(row: Announcement, after: Fallback | None, user: Any) -> ForUser:
    rows = list(
        Delivery.objects.filter(announcement=row.pk, user=user.pk)
        .select_related("address")
        .order_by("pk")
    )
    found = load_deliveries(user.pk, rows)
    sent = sendings(rows, found)
    said = Said(sent[-1].text, sent[-1].advice) if sent else _none(after, user, found)
    return ForUser(
        user_id=str(user.pk),
        text=said.text,
        advice=said.advice,
        sendings=sent,
        timeline=tuple(sorted(_entries(row, after, sent), key=lambda one: one.at)),
    )


def _none(after: Fallback | None, user: Any, found: Loaded) -> Said:
    """Say why no SMS was made for a user."""
    if after is None or after.state not in {"running", "finished", "cancelled"}:
        return STANDINGS["" if after is None else after.state]
    if after.last_user_id is not None and user.pk > after.last_user_id:
        return Said("The account is newer than the first of these SMS.")
    if user.pk > after.done_user_id and after.state != "finished":
        if after.state == "cancelled":
            return Said("The SMS were cancelled before it was this user's turn.")
        return Said("It is not this user's turn yet.")
    if not user.is_active:
        return Said("The account is not active.", "Activate the user.")
    if (device := sms_after.who_has_it(after, [user.pk]).get(user.pk)) is not None:
        known = f"no later than {spoken(device.acked_at)}"
        return Said(f"A device has it ({device.device or 'without a name'}), {known}.")
    person = people.load([user.pk], found.now)[user.pk]
    if sms_after.number_of(person) is None:
        return _without_number(user, person)
    return Said(
        "When it was this user's turn, a device had it, or no number could be used. "
        "That is no longer so."
    )


def _without_number(user: Any, person: people.Person) -> Said:
    known = [one.hash for one in person.addresses.get("sms", ())]
    rows = Suppression.objects.filter(channel="sms", hash__in=known).order_by("pk")
    for one in known:
        if (said := suppression_said(rows, "sms", one)) is not None:
            return said
    if known:
        return Said("No phone number of the user is verified.", ADD_NUMBER)
    return Said("The user has no phone number.", ADD_NUMBER)


def _entries(
    row: Announcement, after: Fallback | None, sent: tuple[Sending, ...]
) -> Iterator[Entry]:
    if row.published_at is not None:
        yield Entry(at=stamp(row.published_at), text=f"Published as event {row.event_offset}.")
    if after is not None:
        marks = (
            (after.requested_at, "SMS were asked for."),
            (after.approved_at, "A second person approved the SMS."),
            (after.cancelled_at, "The SMS were cancelled."),
            (after.finished_at, "The last user had been gone through."),
        )
        yield from (Entry(at=stamp(at), text=text) for at, text in marks if at is not None)
    yield from of_sendings(sent, "")
