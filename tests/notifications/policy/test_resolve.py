"""What holds for a kind and a channel, and where that comes from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from notifications.policy.facts import Cell, Chosen
from notifications.policy.resolve import resolve
from tests.notifications.policy.support import DEBIT, KINDS, NOON

OFF, ON = {"push": False}, {"push": True}
MUTED = NOON + timedelta(hours=1)
OFFER = KINDS["marketing.general"]


@pytest.mark.parametrize(
    ("chosen", "value", "source"),
    [
        ({}, True, "default"),
        ({"muted_until": MUTED}, False, "muted"),
        ({"muted_until": NOON}, True, "default"),
        ({"cells": {"all": ON}, "muted_until": MUTED}, True, "channel"),
        ({"cells": {"all": OFF}}, False, "channel"),
        ({"cells": {"all": OFF, "category:transaction": ON}}, True, "category"),
        ({"cells": {"category:transaction": ON, "kind:transaction.debit": OFF}}, False, "kind"),
        ({"cells": {"category:savings": OFF, "kind:transaction.credit": OFF}}, True, "default"),
        ({"cells": {"all": {"sms": False}}}, True, "default"),
        ({"consents": {("push", "transaction"): False}, "cells": {"all": ON}}, False, "consent"),
        ({"consents": {("push", ""): False}}, False, "consent"),
        ({"consents": {("sms", ""): False}}, True, "default"),
    ],
)
def test_first_that_says_something_decides(
    chosen: dict[str, Any], value: bool, source: Any
) -> None:
    assert resolve(DEBIT, "push", Chosen(**chosen), NOON) == Cell(value=value, source=source)


def test_required_cannot_be_switched_off() -> None:
    chosen = Chosen(
        cells={"all": {"sms": False}, "kind:security.pin_changed": {"sms": False}},
        muted_until=MUTED,
        consents={("sms", ""): False},
    )
    found = resolve(KINDS["security.pin_changed"], "sms", chosen, NOON)
    assert found == Cell(value=True, source="required", required=True, locked="required")


def test_channel_without_a_rung_is_not_offered() -> None:
    cell = resolve(KINDS["kyc.approved"], "sms", Chosen(cells={"all": {"sms": True}}), NOON)
    assert cell == Cell(value=False, source="none", locked="not_offered")


def test_off_by_default_can_be_chosen() -> None:
    assert resolve(DEBIT, "email", Chosen(), NOON) == Cell(value=False, source="default")
    chosen = Chosen(cells={"category:transaction": {"email": True}})
    assert resolve(DEBIT, "email", chosen, NOON) == Cell(value=True, source="category")


@pytest.mark.parametrize(
    ("consents", "value", "source"),
    [
        ({}, False, "consent"),
        ({("email", "marketing"): True}, False, "consent"),
        ({("sms", "marketing"): False}, False, "consent"),
        ({("sms", "marketing"): True}, True, "default"),
        ({("sms", "marketing"): True, ("sms", ""): False}, False, "consent"),
    ],
)
def test_marketing_needs_consent_for_the_channel(
    consents: dict[Any, bool], value: bool, source: Any
) -> None:
    chosen = Chosen(consents=consents)
    assert resolve(OFFER, "sms", chosen, NOON) == Cell(value=value, source=source)


def test_consent_does_not_switch_on_what_was_switched_off() -> None:
    chosen = Chosen(
        consents={("sms", "marketing"): True}, cells={"category:marketing": {"sms": False}}
    )
    assert not resolve(OFFER, "sms", chosen, NOON).value
