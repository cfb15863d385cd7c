"""The protocol's page says what the wire declares, all of it."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from realtime.protocol import document
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.commands import COMMAND_TYPES
from realtime.protocol.messages import PAYLOADS


def test_the_page_in_the_repository_is_up_to_date() -> None:
    call_command("export_protocol", "--check")


def test_it_leaves_nothing_out() -> None:
    page = document.markdown()
    for code in CloseCode:
        assert f"| {code.value} | {code.reason} |" in page
    for error in ErrorCode:
        assert f"| `{error.wire}` |" in page
    for name in COMMAND_TYPES | PAYLOADS.keys():
        assert f"### `{name}`" in page


def test_a_page_that_is_not_up_to_date_fails_and_says_what_to_do(
    tmp_path, settings: pytest.FixtureRequest
) -> None:
    settings.BASE_DIR = tmp_path  # type: ignore[attr-defined]
    (tmp_path / "docs").mkdir()
    with pytest.raises(CommandError, match="export_protocol"):
        call_command("export_protocol", "--check")
    assert not (tmp_path / "docs" / "protocol.md").exists()
    call_command("export_protocol")
    call_command("export_protocol", "--check")
