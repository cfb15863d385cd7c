"""Find in which degree a user has been reached, from what is committed. Pure.

What a device has acknowledged counts only within the epoch of the event, and never from a service.
A phone has its person with it. A desktop counts only if its person was there since the commit: a
tab that somebody has left acknowledges too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from notifications.kinds.kind import Reach
from notifications.policy.facts import Device, Facts, Ladder, Reached, Sent

SERVICE = "service"
SERVICE_PREFIX = "svc-"
PHONE = "phone"
_NOBODY = Reached()


def best_reach(ladder: Ladder, facts: Facts) -> Reached:
    """Return the surest way in which the user has been reached; of equal ones the first known."""
    best = _NOBODY
    for found in _found(ladder, facts):
        if found.reach > best.reach or (found.reach == best.reach and _earlier(found, best)):
            best = found
    return best


def reach_until(ladder: Ladder, facts: Facts, moment: datetime) -> Reached:
    """Return the surest way in which the user had certainly been reached by a moment.

    An acknowledgement counts from when its offset was stored, which may be later than it came.
    """
    known = [each for each in _found(ladder, facts) if each.at is not None and each.at <= moment]
    return max(known, key=lambda each: each.reach, default=_NOBODY)


def somebody_is_there(facts: Facts) -> bool:
    """Say whether a person is using a socket of the user now."""
    return any(
        device.is_open and device.is_active and not is_service(device) for device in facts.devices
    )


def is_service(device: Device) -> bool:
    """Say whether a device is a program that nobody looks at."""
    return device.device_class == SERVICE or device.name.startswith(SERVICE_PREFIX)


def _earlier(one: Reached, other: Reached) -> bool:
    return one.at is not None and (other.at is None or one.at < other.at)


def _found(ladder: Ladder, facts: Facts) -> Iterator[Reached]:
    if facts.read_at is not None:
        yield Reached(reach=Reach.ACTED, how="read", at=facts.read_at)
    if facts.archived_at is not None:
        yield Reached(reach=Reach.ACTED, how="archived", at=facts.archived_at)
    if facts.snoozed_at is not None:
        yield Reached(reach=Reach.ACTED, how="snoozed", at=facts.snoozed_at)
    if facts.seen_at is not None:
        yield Reached(reach=Reach.SEEN, how="seen", at=facts.seen_at)
    for device in facts.devices:
        if _has_it(device, ladder):
            yield Reached(
                reach=Reach.ON_DEVICE, how="acked", device=device.name, at=device.acked_at
            )
    for sent in facts.sent:
        yield from _of_delivery(sent)


def _has_it(device: Device, ladder: Ladder) -> bool:
    if device.acked is None or device.acked < ladder.event_offset or is_service(device):
        return False
    if device.device_class == PHONE or (device.is_open and device.is_active):
        return True
    return device.active_at is not None and device.active_at >= ladder.committed_at


def _of_delivery(sent: Sent) -> Iterator[Reached]:
    """Yield what a delivery says. An opened or clicked e-mail says nothing: proxies do both."""
    if sent.channel == "push":
        if sent.clicked_at is not None:
            yield Reached(reach=Reach.ACTED, how="clicked", at=sent.clicked_at)
        if sent.dismissed_at is not None:
            yield Reached(reach=Reach.SEEN, how="dismissed", at=sent.dismissed_at)
        if sent.displayed_at is not None:
            yield Reached(reach=Reach.ON_DEVICE, how="displayed", at=sent.displayed_at)
    elif sent.state == "delivered" and sent.delivered_at is not None:
        reach = Reach.ON_DEVICE if sent.channel == "sms" else Reach.MAILBOX
        yield Reached(reach=reach, how="delivered", at=sent.delivered_at)
    if sent.state in {"accepted", "delivered"} and sent.accepted_at is not None:
        yield Reached(reach=Reach.ACCEPTED, how="accepted", at=sent.accepted_at)
