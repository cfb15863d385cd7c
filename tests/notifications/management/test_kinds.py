"""`manage.py kinds`."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from notifications.kinds import all_kinds


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("kinds", *arguments, stdout=out)
    return out.getvalue()


def test_each_kind_has_a_row() -> None:
    lines = printed().splitlines()
    assert len(lines) == 2 + len(all_kinds())
    assert lines[0] == "| kind | what it is | push | sms | email |"


def test_json_has_the_same() -> None:
    rows = json.loads(printed("--json"))
    assert [row["kind"] for row in rows] == [kind.name for kind in all_kinds()]
    assert rows[0].keys() == {"kind", "what it is", "push", "sms", "email"}


def test_table_of_the_documentation_is_written(tmp_path: Path, settings: Any) -> None:
    tmp_path.joinpath("docs").mkdir()
    page = tmp_path / "docs/notifications.md"
    page.write_text("Before\n\n| kind | old |\n| --- | --- |\n| x | y |\n\nAfter\n")
    settings.BASE_DIR = tmp_path
    assert printed("--markdown") == "docs/notifications.md is written.\n"
    text = page.read_text()
    assert text.startswith("Before\n\n| kind | what it is |")
    assert text.endswith("|\n\nAfter\n")
    assert "| x |" not in text
