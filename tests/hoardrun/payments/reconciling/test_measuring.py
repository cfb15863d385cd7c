"""What a monitor is told of findings."""

from __future__ import annotations

from datetime import timedelta

from hoardrun.ledger.models import Account
from hoardrun.payments.reconciling.measuring import UNRECONCILED
from hoardrun.payments.reconciling.models import Match
from realtime import clock
from tests.hoardrun.payments.reconciling.support import load, row


def test_findings_are_counted_by_age_and_added_up_by_currency(ugx: Account):
    load(row("R1", 700, 700), row("R2", 50, 750), row("R3", 9, 759))
    old = Match.objects.get(line__receipt="R2")
    Match.objects.filter(pk=old.pk).update(created_at=clock.now() - timedelta(days=3))
    Match.objects.filter(line__receipt="R3").update(closed_at=clock.now(), closed_why="Ours.")
    found = UNRECONCILED.read()
    counts = found["payments_unreconciled"]
    assert {key: count for key, count in counts.items() if count} == {
        ("missing_here", "day"): 1,
        ("missing_here", "week"): 1,
    }
    assert counts["missing_there", "older"] == 0
    assert found["payments_unreconciled_amount"] == {("UGX", "day"): 700.0, ("UGX", "week"): 50.0}
