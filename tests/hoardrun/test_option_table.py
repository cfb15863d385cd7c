"""The options as people read them: in the docs, as a template, and those in force."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from hoardrun import env, option_table
from hoardrun.options import TABLES
from hoardrun.payments.options import PaymentOptions
from realtime.option_fields import declared
from realtime.protocol.export.described import fields
from tests.services.environment import ROOT

NAMES = [option.variable for table in TABLES for option in declared(table)]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which no option is set."""
    for name in env.names(*TABLES):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def shown(*words: str) -> str:
    out = StringIO()
    call_command("settings", *words, stdout=out)
    return out.getvalue()


def shown_as_json(*words: str) -> dict[str, dict[str, Any]]:
    return {row["variable"]: row for row in json.loads(shown(*words, "--json"))}


def test_the_page_for_operators_has_the_table_as_declared() -> None:
    page = (ROOT / "docs" / "production.md").read_text()
    assert option_table.with_table(page) == page, "run `manage.py settings --markdown`"
    assert page.count("| `WS_TICKET_SECONDS` | 30 | 0.1 to 3,600 |") == 1


def test_a_table_is_written_over_the_old_one_and_nothing_else() -> None:
    page = "# A\n\n| variable | default |\n|---|---|\n| `OLD` | 1 |\n\nText.\n\n| id |\n|---|\n"
    before, after = "# A\n\n", "\n\nText.\n\n| id |\n|---|\n"
    written = option_table.with_table(page)
    assert written.startswith(before) and written.endswith(after)
    assert "OLD" not in written
    assert option_table.with_table(written) == written


def test_the_command_writes_the_page(settings: Any, tmp_path: Any) -> None:
    page = tmp_path / "docs" / "production.md"
    page.parent.mkdir()
    page.write_text("| variable |\n|---|\n")
    settings.BASE_DIR = tmp_path
    assert shown("--markdown") == "docs/production.md is written.\n"
    assert page.read_text() == option_table.with_table("| variable |\n|---|\n")


def test_every_option_has_a_text_and_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for table in TABLES:
        assert {option.field for option in declared(table)} <= fields(table).keys()


def test_it_shows_every_option_with_its_default(environment: pytest.MonkeyPatch) -> None:
    rows = shown_as_json()
    assert list(rows) == NAMES
    assert not any(row["changed"] or row["source"] != "default" for row in rows.values())
    assert rows["WS_TICKET_SECONDS"] == {
        "variable": "WS_TICKET_SECONDS",
        "value": 30,
        "default": 30,
        "source": "default",
        "changed": False,
        "minimum": 0.1,
        "maximum": 3600,
        "secret": False,
        "documentation": "Life of a ticket.",
    }
    assert [line.split()[0] for line in shown().splitlines()] == NAMES


def test_it_says_where_a_value_came_from(environment: pytest.MonkeyPatch, tmp_path: Any) -> None:
    file = tmp_path / "url"
    file.write_text("redis://:hush@redis\n")
    given = {"WS_TICKET_SECONDS": "30.0", "CONSOLE_ENABLED": "no", "ALLOWED_HOSTS": "a, b"}
    given["SECRET_KEY"] = "hush" * 10
    for name, value in {"REDIS_URL_FILE": str(file), **given}.items():
        environment.setenv(name, value)
    rows = shown_as_json()
    found = {name: row["source"] for name, row in rows.items() if row["source"] != "default"}
    assert found == {**dict.fromkeys(given, "variable"), "REDIS_URL": "file"}
    changed = shown("--changed")
    assert [line.split()[:2] for line in changed.splitlines()] == [
        ["SECRET_KEY", "(hidden)"],
        ["ALLOWED_HOSTS", "a,b"],
        ["REDIS_URL", "(hidden)"],
        ["CONSOLE_ENABLED", "0"],
    ]
    assert "from file" in changed
    assert "hush" not in changed + json.dumps(rows) + shown()


def test_it_shows_amounts_by_currency_as_their_variable_holds_them(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("PAYMENTS_APPROVE_ABOVE", "UGX:5000000, KES:150000.50")
    [line] = shown("--changed").splitlines()
    written = "UGX:5000000,KES:150000.50"
    assert line.split()[:2] == ["PAYMENTS_APPROVE_ABOVE", written]
    before = env.read(PaymentOptions)
    environment.setenv("PAYMENTS_APPROVE_ABOVE", written)
    assert env.read(PaymentOptions) == before
    row = shown_as_json("--changed")["PAYMENTS_APPROVE_ABOVE"]
    assert row["value"] == [["UGX", "5000000"], ["KES", "150000.50"]]


def test_the_template_is_commented_out_and_sets_what_holds_anyway(
    environment: pytest.MonkeyPatch,
) -> None:
    lines = shown("--env").splitlines()
    assert all(line.startswith("#") for line in lines if line)
    assert max(map(len, lines)) <= 100
    template = dict(line[1:].split("=", 1) for line in lines if line[:2] not in ("", "# "))
    assert list(template) == NAMES
    before: list[object] = [env.read(table) for table in TABLES]
    for name, value in template.items():
        environment.setenv(name, value)
    assert [env.read(table) for table in TABLES] == before


def test_options_that_exclude_each_other_are_refused() -> None:
    from django.core.management.base import CommandError

    with pytest.raises(CommandError, match="not allowed with"):
        shown("--env", "--changed")
