"""A day of a deployment, minute by minute, from a seed: what its users do. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from random import Random
from typing import NamedTuple

from bench.scale.chance import poisson
from bench.scale.deployment import BUSIEST_HOUR, BUSYNESS, MINUTES, Deployment

OPENED_WITHIN = 5  # minutes in which those come who open the app after a mailing
_MEAN = sum(BUSYNESS) / MINUTES


class Minute(NamedTuple):
    """The load of one minute; `number` counts the minutes of the day."""

    number: int
    sockets: float
    logins: int
    events: int  # of own streams, those of mailings apart
    payments: int  # over HTTP, with events of these
    mailed: int  # rows and events of a mailing
    deliveries: int  # of own events
    mail_deliveries: int  # of a mailing
    announced: int


def play(
    deployment: Deployment, seed: int, mailed_a_minute: float, minutes: Sequence[int] | None = None
) -> Iterator[Minute]:
    """Play these minutes, by default a day. A mailing is stored at `mailed_a_minute`."""
    random = Random(f"{seed} {deployment.users}")
    users, chosen = deployment.users, range(MINUTES) if minutes is None else minutes
    began = _begun(deployment, random)
    mailed, opening = _mailed(deployment, began, mailed_a_minute)
    for number in chosen:
        share = BUSYNESS[number]
        rate = share / _MEAN / MINUTES * random.uniform(0.95, 1.05)  # of what a day has
        logins = poisson(random, users * deployment.sessions * rate + opening.get(number, 0.0))
        payments = poisson(random, users * deployment.payments * rate)
        events = poisson(random, users * deployment.events * rate)
        connected = deployment.connected * share
        mails = mailed.get(number, 0.0)
        yield Minute(
            number=number,
            sockets=users * connected * deployment.devices,
            logins=logins,
            events=events,
            payments=payments,
            mailed=round(mails),
            deliveries=round(events * deployment.attended * deployment.devices),
            mail_deliveries=round(mails * connected * deployment.devices),
            announced=sum(number == each for each in began["announcements"]),
        )


def _begun(deployment: Deployment, random: Random) -> dict[str, list[int]]:
    """Choose the minutes in which mailings and announcements begin: in the busiest hour."""
    return {
        "mailings": [random.choice(BUSIEST_HOUR[:30]) for _ in range(deployment.mailings)],
        "announcements": [random.choice(BUSIEST_HOUR) for _ in range(deployment.announcements)],
    }


def _mailed(
    deployment: Deployment, began: dict[str, list[int]], a_minute: float
) -> tuple[dict[int, float], dict[int, float]]:
    """Return by minute the rows of mailings, and the logins of those who then open the app."""
    mailed: dict[int, float] = {}
    opening: dict[int, float] = {}
    for first in began["mailings"]:
        left = float(deployment.users)
        for minute in range(first, first + ceil(deployment.users / a_minute)):
            done = min(left, a_minute)
            left -= done
            mailed[minute] = mailed.get(minute, 0.0) + done
            for later in range(OPENED_WITHIN):
                opened = done * deployment.opens / OPENED_WITHIN
                opening[minute + later] = opening.get(minute + later, 0.0) + opened
    return mailed, opening
