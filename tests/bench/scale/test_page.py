"""`docs/scale.md` says what the command calculates from the stored unit costs, and nothing else."""

from __future__ import annotations

import json

import pytest

from bench.scale import command, tables
from bench.scale.deployment import Deployment
from bench.scale.page import PAGE, SEED, SIZES, STORED, blocks, loose_figures, written
from bench.scale.tables import Answer
from bench.scale.units import Units


@pytest.fixture(scope="module")
def answer() -> Answer:
    units = Units.read(json.loads(STORED.read_text()))
    return tables.calculate(units, Deployment(), SIZES, SEED)


def test_the_tables_of_the_page_are_what_the_command_calculates(answer: Answer):
    page = PAGE.read_text()
    assert page == written(page, answer), "run `python -m bench scale --write`"


def test_the_page_has_every_table():
    assert sorted(blocks(PAGE.read_text())) == sorted(tables.BLOCKS)


def test_each_figure_of_the_text_is_in_a_table():
    assert list(loose_figures(PAGE.read_text())) == []


def test_a_figure_that_no_table_has_is_found():
    page = PAGE.read_text()
    assert list(loose_figures(page + "\nIt carries 123,456 of them.\n")) == ["123,456"]


def test_another_unit_cost_changes_the_page(answer: Answer):
    units = Units.read(json.loads(STORED.read_text()))
    units.measured["event_bytes"] = units.measured["event_bytes"].__class__(
        units.event_bytes * 2, "abc", "2026-01-01", "elsewhere", 1
    )
    page = PAGE.read_text()
    assert written(page, tables.calculate(units, Deployment(), SIZES, SEED)) != page


def test_the_command_prints_every_table(capsys: pytest.CaptureFixture[str]):
    assert command.main(["--users", "50000", "--connected", "0.5"]) == 0
    printed = capsys.readouterr().out
    for title in tables.TITLES.values():
        assert f"# {title}\n" in printed
    assert "50,000 users" in printed
    assert "| `--connected`" in printed and "|    0.5 |" in printed


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str]):
    assert command.main(["--users", "50000", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["sizes"][0]["deployment"]["users"] == 50_000
    assert printed["sizes"][0]["needs"]["nodes"] >= 1
    assert printed["units"]["login_us"]["commit"]
    assert set(printed["sizes"][0]["incidents"]) <= {
        "one node is killed",
        "one zone is away",
        "all nodes begin anew",
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--users", "0"], "users: 0 is too little"),
        (["--zones", "0"], "zones: 0 is too little"),
        (["--connected", "1.5"], "connected: 1.5 is more than all"),
        (["--events", "-1"], "events: -1 is too little"),
        (["--node-mib", "100"], "node_mib: 100 is less than a process takes"),
    ],
    ids=lambda value: value[0].strip("-") if isinstance(value, list) else "",
)
def test_the_command_refuses_what_no_deployment_can_be(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
):
    assert command.main(["--hour", *given]) == 2
    assert capsys.readouterr().err == f"{said}\n"


def test_a_deployment_in_which_nothing_happens_can_be_calculated(
    capsys: pytest.CaptureFixture[str],
):
    idle = ["--events", "0", "--payments", "0", "--sessions", "0", "--mailings", "0"]
    assert command.main(["--hour", "--users", "1000", *idle]) == 0
    assert "| **nodes**, a core each               |           2 |" in capsys.readouterr().out
