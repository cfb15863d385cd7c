"""The names of kinds, as people read them."""

from __future__ import annotations

import pytest

from notifications import texts
from notifications.kinds import all_kinds
from notifications.languages import CODES


def test_each_kind_has_a_name_of_its_own_in_each_language():
    for language in CODES:
        names = [texts.kind_name(kind.name, locale=language) for kind in all_kinds()]
        assert len(set(names)) == len(names), language
    assert texts.kind_name("transaction.credit", locale="sw-KE") == "Pesa zilizopokelewa"
    assert texts.kind_name("savings.general") == "Other messages: Savings"
    with pytest.raises(LookupError):
        texts.kind_name("savings.nothing")
