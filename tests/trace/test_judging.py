"""A trace may not know; it may not say what is not so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.trace.judging import Said, of_other, of_target, said_of


def said(verdict: str, reach: str = "no") -> Said:
    return Said(verdict, reach, "")


def device(name: str, connection_id: str) -> dict[str, Any]:
    return {
        "device": name, "verdict": "delivered", "reach": "acked", "text": "It has it.",
        "sockets": [{"connection_id": connection_id}],
    }  # fmt: skip


def test_the_reason_that_was_played_is_named() -> None:
    assert of_target(said("floor"), {"floor"}, has_it=False) == "named"
    assert of_target(said("wakeup_lost", "written"), {"wakeup_lost"}, has_it=True) == "named"
    assert of_target(said("wakeup_lost", "acked"), {"wakeup_lost"}, has_it=True) == "named"


@pytest.mark.parametrize("verdict", ["unknown", "waiting"])
def test_one_that_does_not_know_is_not_wrong(verdict: str) -> None:
    assert of_target(said(verdict), {"floor"}, has_it=False) == "unknown"
    assert of_target(said(verdict, "unknown"), {"floor"}, has_it=False) == "unknown"


@pytest.mark.parametrize("verdict", ["epoch", "not_connected", "delivered"])
def test_another_reason_is_wrong(verdict: str) -> None:
    assert of_target(said(verdict), {"floor"}, has_it=False) == "wrong"


@pytest.mark.parametrize("reach", ["written", "acked"])
def test_an_event_that_did_not_come_may_not_have_arrived(reach: str) -> None:
    assert of_target(said("slow_reader", reach), {"slow_reader"}, has_it=False) == "wrong"
    assert of_target(said("unknown", reach), {"slow_reader"}, has_it=False) == "wrong"


def test_an_event_that_came_may_not_be_missing() -> None:
    assert of_target(said("not_connected", "no"), {"not_connected"}, has_it=True) == "wrong"
    assert of_target(said("not_connected", "unknown"), {"not_connected"}, has_it=True) == "named"


def test_nothing_kept_an_event_from_a_device_that_has_it() -> None:
    assert of_other(said("delivered", "written")) == "named"
    assert of_other(said("unknown", "unknown")) == "unknown"
    assert of_other(said("delivered", "no")) == "wrong"
    assert of_other(said("unknown", "no")) == "wrong"
    assert of_other(said("filtered", "acked")) == "wrong"
    assert of_other(said("wakeup_lost", "acked")) == "wrong"
    assert of_other(said("wakeup_lost", "acked"), is_late=True) == "named"


def test_where_no_device_is_known_the_word_on_the_whole_is_judged() -> None:
    answer: dict[str, Any] = {"verdict": "not_connected", "text": "Nobody.", "devices": []}
    assert said_of(answer, "target") == Said("not_connected", "no", "Nobody.")
    answer["devices"] = [device("other", "1")]
    assert said_of(answer, "other") == Said("delivered", "acked", "It has it.")
    assert said_of(answer, "target").verdict == "unknown"


def test_a_device_without_a_name_is_known_by_its_connection() -> None:
    answer = {"verdict": "not_connected", "text": "Nobody.", "devices": [device("", "1")]}
    assert said_of(answer, "", "1") == Said("delivered", "acked", "It has it.")
    assert said_of(answer, "", "2").verdict == "unknown"
