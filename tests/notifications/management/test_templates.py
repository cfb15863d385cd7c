"""`manage.py templates`, from a shell."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from notifications.kinds import all_kinds
from notifications.texts import catalogue


def templates(*arguments: str) -> str:
    out = StringIO()
    call_command("templates", *arguments, stdout=out)
    return out.getvalue()


def test_it_checks_all_kinds():
    assert templates("check") == f"{len(all_kinds())} kinds in 4 languages: no faults.\n"


def test_a_fault_ends_it_with_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(catalogue, "_FOLDERS", [*catalogue._FOLDERS, tmp_path])
    (tmp_path / "savings.won.toml").write_text("")
    catalogue.forget()
    out = StringIO()
    with pytest.raises(CommandError, match="cannot be used"):
        call_command("templates", "check", "--json", stdout=out)
    monkeypatch.undo()
    catalogue.forget()
    found = json.loads(out.getvalue())
    assert found["faults"] == ["savings.won : has texts, and no app declares that kind"]


def test_it_shows_a_kind_in_each_language_and_channel():
    shown = templates("preview", "security.pin_changed")
    for line in (
        "PIN changed (en), in_app: ",
        "Code PIN changé (fr), push: ",
        " (lg), email: ",
        " (sw), sms: ",
    ):
        assert line in shown
    assert "1 segment\n" in shown
    assert "lire.\n[C’était moi]\n[Ce n’était pas moi]\n" in shown


def test_it_shows_one_text():
    shown = templates(
        *("preview", "transaction.credit", "--channel", "sms", "--locale", "sw-KE", "--json")
    )
    first, second = json.loads(shown)["texts"]
    assert first["locale"] == "sw-KE"
    assert first["segments"] == second["segments"] == 1
    assert second["body"] == "Umepokea KES 1,250.50, 2 Mac, 12:05."
    html = templates("preview", "kyc.approved", "--html", "--locale", "fr")
    assert html.startswith('<!DOCTYPE html>\n<html lang="fr">')


def test_it_says_which_kinds_there_are():
    for arguments in (("preview",), ("preview", "savings.nothing")):
        with pytest.raises(CommandError, match=r"There is no kind .*kyc\.approved"):
            templates(*arguments)
