"""The table of kinds, in the documentation and on the screen."""

from __future__ import annotations

from notifications.kinds import table
from tests.notifications.policy.support import KINDS
from tests.services.environment import ROOT


def cells(name: str) -> tuple[str, ...]:
    return next(table.rows([KINDS[name]]))[2:]


def test_documentation_has_the_ladders_that_the_code_has() -> None:
    page = ROOT.joinpath("docs/notifications.md").read_text("utf-8")
    assert page.count("| kind |") == 1
    kinds = [KINDS[name] for name in sorted(KINDS)]
    assert table.with_table(page, kinds) == page, "run `manage.py kinds --markdown`"


def test_ladders_in_words() -> None:
    assert cells("transaction.debit") == (
        "after 10 s unless seen, at once if nobody is there",
        "after 3 min unless on a device, always from the user's amount on",
        "by choice, at once",
    )
    assert cells("security.new_device")[1] == "**required**, after 2 min unless on a device"
    assert cells("kyc.approved")[1] == "–"
    assert cells("savings.general")[2] == "after 5 min unless seen, in the digest"
    assert cells("marketing.general")[1] == "with consent, at once, from 08:00 to 20:00"


def test_what_else_holds_in_words() -> None:
    assert list(table.traits(KINDS["security.new_device"])) == [
        "the lock screen says nothing of it",
        "nothing is sent after a day",
        "also in quiet hours",
        "not limited in number",
    ]
    assert "only with consent" in table.traits(KINDS["marketing.general"])


def test_a_channel_without_a_rung_has_no_words() -> None:
    assert table.words(KINDS["kyc.approved"], "sms") == ()
    assert table.words(KINDS["security.new_device"], "sms")[0] == table.REQUIRED
