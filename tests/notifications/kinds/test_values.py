"""The values of texts, as a notification stores them."""

from __future__ import annotations

import json

import msgspec
import pytest

from notifications.kinds.kind import Kind
from notifications.kinds.values import from_context, to_context
from tests.notifications.policy.support import DEBIT, KINDS


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_samples_survive_being_stored(kind: Kind) -> None:
    for sample in kind.samples:
        stored = json.loads(json.dumps(to_context(sample)))
        assert from_context(kind.variables, stored) == sample


def test_amount_stays_exact() -> None:
    stored = to_context(DEBIT.samples[1])
    assert stored["amount"] == {"amount": "1250.50", "currency": "KES"}


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"amount": {"amount": "1", "currency": "UGX"}},
        {"amount": {"amount": "x", "currency": "UGX"}, "happened_at": "2026-03-02T12:00:00Z"},
        {"amount": {"amount": "1", "currency": "X"}, "happened_at": "2026-03-02T12:00:00Z"},
        {"amount": {"amount": "1", "currency": "UGX"}, "happened_at": "2026-03-02T12:00:00"},
    ],
)
def test_context_that_does_not_fit_is_refused(context: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        from_context(DEBIT.variables, context)
