"""Unit costs come out of what the bench writes, and keep where they came from."""

from __future__ import annotations

import json

import pytest

from bench.scale.catalogue import UNITS
from bench.scale.measuring import PARTS, chosen
from bench.scale.page import STORED
from bench.scale.units import Units
from bench.scenarios import SCENARIOS

MACHINE = {"commit": "abc", "measured_at": "2026-01-02", "cores": 2, "cpu": "CPU", "kernel": "6"}


def results(quick: bool = False, **figures: float) -> dict:
    sample = {"case": "bulk", "contender": "hoardrun", "round": 1, "figures": figures}
    bulk = {"medians": {"bulk": {"hoardrun": figures}}, "samples": [sample, sample]}
    return {"machine": MACHINE, "quick": quick, "scenarios": {"bulk": bulk}}


def test_a_unit_cost_is_taken_with_its_commit_machine_and_rounds():
    units = Units()
    assert units.take(results(publisher_s=0.5, postgres_s=0.25)) == [
        "mailed_us",
        "mailed_postgres_us",
    ]
    assert units.mailed_us == 50  # of 10,000 users
    stored = units.measured["mailed_us"]
    assert (stored.commit, stored.rounds, stored.quick) == ("abc", 2, False)
    assert stored.machine == "2 cores of CPU, Linux 6"


def test_a_later_run_replaces_only_what_it_has_measured():
    units = Units()
    units.take(results(publisher_s=0.5, postgres_s=0.25))
    units.take(results(publisher_s=0.6, quick=True))
    assert (units.mailed_us, units.mailed_postgres_us) == (60, 25)
    assert units.measured["mailed_us"].quick and not units.measured["mailed_postgres_us"].quick


def test_what_is_stored_reads_back_the_same():
    units = Units()
    units.take(results(publisher_s=0.5))
    assert Units.read(json.loads(json.dumps(units.plain()))) == units


def test_a_unit_cost_that_nobody_has_measured_is_named():
    with pytest.raises(AttributeError, match="login_us was not measured"):
        _ = Units().login_us


def test_every_unit_cost_is_one_that_the_bench_can_measure():
    parts = {scenario.name: {part.name for part in scenario.parts} for scenario in SCENARIOS}
    for unit in UNITS:
        assert unit.sources
        for source in unit.sources:
            assert source.scenario in parts, unit.name
    for scenario, names in PARTS.items():
        assert set(names) <= parts[scenario]


def test_every_unit_cost_is_stored():
    assert Units.read(json.loads(STORED.read_text())).missing() == []


def test_measuring_what_is_missing_runs_only_the_scenarios_that_have_it():
    units = Units.read(json.loads(STORED.read_text()))
    assert chosen(units, "missing") == []
    del units.measured["login_us"]
    assert chosen(units, "missing") == ["connect"]
    assert chosen(units, "http,connect") == ["http", "connect"]
    with pytest.raises(ValueError, match="no unit cost comes from stuck"):
        chosen(units, "stuck")
