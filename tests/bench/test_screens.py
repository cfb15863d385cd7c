"""The screens of a benchmark: which message shows a stage, and which the end."""

from __future__ import annotations

from typing import Any

import pytest

from bench.peers.money.screens import Called, Screens


def _update(transaction: str, stage: str | None) -> dict[str, Any]:
    payment = None if stage is None else {"stage": stage}
    return {"type": "transaction_update", "data": {"id": transaction, "payment": payment}}


@pytest.mark.parametrize(
    ("messages", "shown", "ended"),
    [
        ([_update("1", "confirming"), _update("1", "done")], 0, 1),
        ([_update("2", "done"), _update("1", "done")], 1, 1),
        ([_update("1", None), {"type": "balance_update", "data": {"id": "1"}}], None, None),
        ([_update("1", "confirming"), _update("1", "confirming")], 0, None),
        ([_update("1", "expired"), _update("1", "done")], 0, 0),
    ],
)
def test_the_first_message_of_a_payment_shows_a_stage(
    messages: list[dict[str, Any]], shown: int | None, ended: int | None
) -> None:
    screens, called = Screens(1, []), Called(began=-1)
    screens.called["1"] = called
    for moment, message in enumerate(messages):
        screens.see(message, moment)
    assert (called.shown, called.ended) == (shown, ended)
