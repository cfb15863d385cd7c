from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from hoardrun.market.models import Quote

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rates.csv"
    path.write_text("Date,Currency,Mean\n2026-10-30,US DOLLAR,129.30\n", encoding="utf-8")
    return path


def test_it_imports_a_file_and_says_what_it_has_done(
    file: Path, capsys: pytest.CaptureFixture[str]
):
    call_command("import_rates", "cbk", str(file))
    assert capsys.readouterr().out == (
        "Central Bank of Kenya, indicative rates, 2026-10-30: prices of USD-KES; "
        "1 of 1 candles new or changed; newest price of USD-KES.\n"
    )
    call_command("import_rates", "cbk", str(file), "--json")
    assert json.loads(capsys.readouterr().out)["candles"] == 0


def test_a_file_without_dates_is_of_the_day_that_is_given(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("Code,Close\nSCOM,28.45\n", encoding="utf-8")
    with pytest.raises(CommandError, match="say of which day"):
        call_command("import_rates", "nse", str(path))
    with pytest.raises(CommandError, match="write it as 2026-10-30"):
        call_command("import_rates", "nse", str(path), "--day", "30/10/2026")
    call_command("import_rates", "nse", str(path), "--day", "2026-10-30")
    assert Quote.objects.get().source == "nse"


@pytest.mark.parametrize(
    ("source", "name", "why"),
    [
        ("cbk", "none.csv", "cannot be read: No such file"),
        ("ecb", "rates.csv", "Nothing was imported. The file holds nothing of our instruments"),
        ("bloomberg", "rates.csv", "invalid choice"),
    ],
)
def test_what_is_wrong_is_one_line(file: Path, source: str, name: str, why: str):
    with pytest.raises(CommandError, match=why):
        call_command("import_rates", source, str(file.with_name(name)))
    assert not Quote.objects.exists()
