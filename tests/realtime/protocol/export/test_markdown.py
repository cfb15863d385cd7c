"""The protocol's page and the other exported files show all that is declared."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command

from realtime.management.commands.export_protocol import FILES
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.commands import COMMAND_TYPES
from realtime.protocol.export import markdown
from realtime.protocol.messages import PAYLOADS

ROOT = project.BASE_DIR


def test_the_files_in_the_repository_are_up_to_date() -> None:
    call_command("export_protocol", "--check")


def test_the_page_has_each_message_and_code() -> None:
    page = markdown.markdown()
    for code in CloseCode:
        assert f"| {code.value} | {code.reason} |" in page
    for error in ErrorCode:
        assert f"| `{error.wire}` |" in page
    for name in COMMAND_TYPES | PAYLOADS.keys():
        assert f"### `{name}`" in page


@pytest.fixture
def elsewhere(tmp_path: Path, settings: Any) -> Path:
    """Export to an empty folder."""
    settings.BASE_DIR = tmp_path
    return tmp_path


def test_missing_files_fail_the_check_and_are_named(elsewhere: Path) -> None:
    with pytest.raises(CommandError, match=r"Run `manage\.py export_protocol`") as failure:
        call_command("export_protocol", "--check")
    assert all(name in str(failure.value) for name in FILES)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("changed", FILES)
def test_a_changed_file_fails_alone_and_is_written_alone(
    elsewhere: Path, capsys: pytest.CaptureFixture[str], changed: str
) -> None:
    call_command("export_protocol")
    assert capsys.readouterr().out.splitlines() == [f"{name} is written." for name in FILES]
    call_command("export_protocol", "--check")
    right = (elsewhere / changed).read_bytes()
    assert right.endswith(b"\n")
    assert right == (ROOT / changed).read_bytes()
    (elsewhere / changed).write_bytes(right + b"\n")
    with pytest.raises(CommandError) as failure:
        call_command("export_protocol", "--check")
    assert [name for name in FILES if name in str(failure.value)] == [changed]
    capsys.readouterr()
    call_command("export_protocol")
    assert f"{changed} is written." in capsys.readouterr().out.splitlines()
    assert (elsewhere / changed).read_bytes() == right


def test_the_page_links_to_the_other_files() -> None:
    page = ROOT / "docs" / "protocol.md"
    linked = re.findall(r"\]\(([^)#]+)\)", page.read_text())
    assert {(page.parent / name).resolve() for name in linked} >= {
        ROOT / name for name in FILES if not name.endswith(("protocol.md", "version.js"))
    }
