"""The files of texts."""

from __future__ import annotations

import pytest

from notifications.texts import catalogue


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    monkeypatch.setattr(catalogue, "_FOLDERS", list(catalogue._FOLDERS))
    yield
    monkeypatch.undo()
    catalogue.forget()


def test_an_app_adds_a_folder(tmp_path):
    assert catalogue.find("savings.won") is None
    words = "name = 'a'\ntitle = 'b'\nmessage = 'c'\n"
    (tmp_path / "savings.won.toml").write_text(f"url = '/won'\n[en]\n{words}")
    catalogue.register(tmp_path)
    catalogue.register(tmp_path)  # once is enough
    found = catalogue.find("savings.won")
    assert found
    assert (found.url, found.words["en"].title) == ("/won", "b")
    assert "savings.won" in catalogue.names()
    before = catalogue.version("savings.won", "en")
    (tmp_path / "savings.won.toml").write_text(f"url = '/won'\n[en]\n{words}push = 'd'\n")
    catalogue.forget()
    assert catalogue.version("savings.won", "en") != before


def test_two_files_of_one_kind_are_a_mistake(tmp_path):
    (tmp_path / "kyc.approved.toml").write_text("")
    catalogue.register(tmp_path)
    with pytest.raises(AssertionError, match="two files"):
        catalogue.find("kyc.approved")
