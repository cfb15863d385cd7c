"""`manage.py stats`: what `--check` leaves to an operator to judge, and what `--series` prints."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from realtime import clock
from realtime.management.commands.stats import NOTHING_REPORTED
from realtime.models import Deployment, Node
from tests.realtime.minutes import stored_minute

MINUTE = timedelta(minutes=1)


def check() -> tuple[int, str]:
    """Run the command; return its exit code and what it says."""
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("stats", "--check", stdout=out)
    return int(str(ended.value.code)), out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("mode", "ago", "bumped", "told"),
    [
        ("warn", MINUTE, None, True),
        ("warn", MINUTE, 2 * MINUTE, True),  # of an earlier one
        ("warn", MINUTE, 0 * MINUTE, False),
        ("warn", timedelta(days=2), None, False),
        ("ignore", MINUTE, None, False),
        ("bump", MINUTE, MINUTE, False),
    ],
    ids=["new", "after an older epoch", "with a new epoch", "old", "ignored", "bumped"],
)
def test_a_failover_that_began_no_epoch_is_a_warning(
    settings: Any, mode: str, ago: timedelta, bumped: timedelta | None, told: bool
) -> None:
    settings.REALTIME = {**settings.REALTIME, "EPOCH_ON_FAILOVER": mode}
    now = clock.now()
    Node.objects.create(id="n", host="h", pid=1, started_at=now, seen_at=now)
    Deployment.objects.update_or_create(
        id=1,
        defaults={
            "failover": "timeline 1 became 2",
            "failover_at": now - ago,
            "bumped_at": None if bumped is None else now - bumped,
        },
    )
    code, says = check()
    assert code == int(told), says
    assert ("timeline 1 became 2" in says and "bump_epoch --all" in says) is told


def over_time(span: str, *more: str) -> str:
    out = StringIO()
    call_command("stats", "--series", span, *more, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("span", ["1h", "24h", "14d"])
def test_a_series_is_a_table_of_the_steps_in_which_something_reported(span: str) -> None:
    assert over_time(span).strip() == NOTHING_REPORTED
    minute = int(clock.now().timestamp() // 60) - 2
    stored_minute(minute, connections=1234, delivered=5, delivery_p99_ms=7.5)
    head, row = over_time(span).splitlines()
    assert "CONNS" in head and "p99 ms" in head
    assert "1,234" in row and "7.5" in row and "–" in row
    found = json.loads(over_time(span, "--json"))
    assert 1234 in found["lines"]["connections"]
    assert len(found["times"]) == len(found["lines"]["lag_ms"])
