"""`manage.py stats --check` warns of findings that an operator has to judge."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from realtime import clock
from realtime.models import Deployment, Node

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
