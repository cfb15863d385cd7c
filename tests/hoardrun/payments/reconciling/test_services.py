"""A finding is closed once, with a reason."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from hoardrun.ledger.models import Account
from hoardrun.payments.reconciling.errors import FindingClosed, FindingNotFound
from hoardrun.payments.reconciling.models import Match
from hoardrun.payments.reconciling.selectors import findings_open
from hoardrun.payments.reconciling.services import finding_close
from realtime.errors import InvalidInput
from tests.hoardrun.payments.reconciling.support import collect, load, paid, row


def test_a_finding_is_closed_once(ugx: Account, dora: User):
    paid(collect(ugx, "5000"), "R1")
    load(row("R1", 5000, 5000), row("R2", 10, 5010))
    found = findings_open().get()
    for wrong in ("", "x" * 201):
        with pytest.raises(InvalidInput):
            finding_close(match_id=found.pk, why=wrong, by=dora.pk)
    matched = Match.objects.get(what="matched")
    for other in (matched.pk, 0, "nothing"):
        with pytest.raises(FindingNotFound):
            finding_close(match_id=other, why="It is mine.", by=dora.pk)
    assert findings_open().exists()
    closed = finding_close(match_id=found.pk, why="A deposit of ours.", by=dora.pk)
    assert (closed.closed_by_id, closed.closed_why) == (dora.pk, "A deposit of ours.")
    assert not findings_open().exists()
    with pytest.raises(FindingClosed):
        finding_close(match_id=found.pk, why="Again.", by=dora.pk)
