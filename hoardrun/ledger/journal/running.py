"""Run all checks, for `manage.py ledger_verify`, and once a night on one node."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from hoardrun.ledger.journal import days, verify
from hoardrun.ledger.journal.findings import Finding
from hoardrun.ledger.journal.models import Verification
from realtime import clock, jobs
from realtime.meters.fleet import Reading, gauge

NAME = "verify_ledger"
LOOK_SECONDS = 600.0
EVERY_SECONDS = 72_000.0  # 20 hours: once in each night
NIGHT = (22, 23, 0, 1)  # hours of UTC; from 1 to 4 at night in East Africa
LOGGED = 20
STEPS: dict[str, Callable[[datetime | None], Iterator[verify.Page]]] = {
    "accounts": verify.accounts_verify,
    "postings": verify.postings_verify,
    "transactions": verify.transactions_verify,
    "days": days.days_verify,
}

logger = logging.getLogger(__name__)


def run(
    since: datetime | None = None,
    *,
    tell: Callable[[Finding], object],
    progress: Callable[[str], object] = str,
) -> Verification:
    """Verify everything, or what has changed since a time; call `tell` with each finding."""
    done = Verification.objects.create(since=since, days=0)
    for name, step in STEPS.items():
        for count, findings in step(since):
            setattr(done, name, getattr(done, name) + count)
            done.findings += len(findings)
            for finding in findings:
                tell(finding)
            progress(f"{getattr(done, name):,} {name}")
    done.finished_at = clock.now()
    done.save()
    return done


def nightly() -> None:
    """Verify, if it is night and no node has done so this night."""
    if is_night(clock.now()):
        once_a_day()


def is_night(moment: datetime) -> bool:
    """Return whether few customers are awake."""
    return moment.hour in NIGHT


def once_a_day() -> Verification | None:
    """Close days and verify, if no node has done so within 20 hours; log what is found."""
    if not jobs.claim(NAME, EVERY_SECONDS):
        return None
    found: list[Finding] = []
    try:
        days.close(clock.now())
        done = run(tell=found.append)
    except BaseException:
        jobs.give_back(NAME)
        raise
    for finding in found[:LOGGED]:
        logger.error("ledger: %s", finding)
    if found:
        logger.error("ledger: %d findings; `manage.py ledger_verify` lists them", len(found))
    return done


def _last() -> dict[str, Any]:
    complete = Verification.objects.filter(since=None, finished_at__isnull=False)
    last = complete.order_by("-pk").first()
    if last is None or last.finished_at is None:
        return {}
    age = (clock.now() - last.finished_at).total_seconds()
    return {"ledger_findings": last.findings, "ledger_verified_seconds": max(0.0, age)}


VERIFIED = Reading(
    (
        gauge("ledger_findings", "Findings of the last complete `ledger_verify`; 0 is right."),
        gauge("ledger_verified_seconds", "Seconds since that."),
    ),
    _last,
)
