"""A float that a provider and our books tell differently is seen by monitors and by staff."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import F

from hoardrun.ledger.journal.floats import LASTS, Bounds
from hoardrun.ledger.journal.models import FloatCheck
from hoardrun.ledger.models import Account
from hoardrun.payments.at_providers import FLOATS, books_allow, floats_check
from hoardrun.payments.models import ProviderPayment
from realtime.meters.doubts import doubts
from tests.clients import browser_as, staff_with
from tests.hoardrun.payments.carrying import ask
from tests.hoardrun.payments.reconciling.support import collect, paid

PURSE = ("mtn", "UGX")


def test_what_is_under_way_widens_what_the_books_allow(ugx: Account):
    paid(collect(ugx, "5000"), "R1")
    collect(ugx, "700")
    out = ask(ugx, "payout", amount="2000")
    ProviderPayment.objects.filter(pk=out.pk).update(fee_minor=30)
    assert books_allow()[PURSE] == Bounds(5000 - 2000 - 30, 5000 + 700)


def test_a_difference_is_measured_doubted_and_shown(ugx: Account, dora: User):
    paid(collect(ugx, "5000"), "R1")
    floats_check({PURSE: 4000}, books_allow())
    assert FLOATS.read() == {"float_difference": {PURSE: -1000.0}}
    assert not any("balance at mtn" in doubt for doubt in doubts())
    FloatCheck.objects.update(differs_since=F("differs_since") - LASTS)
    assert "balance at mtn is UGX 4,000, by our books UGX 5,000: import its statement, " in (
        " ".join(doubts())
    )
    page = browser_as(staff_with(dora, "view_floatcheck")).get("/admin/ledger/floatcheck/")
    shown = page.content.decode()
    assert "UGX 4,000" in shown and "UGX -1,000" in shown

    floats_check({PURSE: 5000}, books_allow())
    assert FLOATS.read() == {"float_difference": {PURSE: 0.0}}
    assert not any("balance at mtn" in doubt for doubt in doubts())
