"""Recordings come back as they were written, and those that are cut or wrong are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hoardrun.market.recording.format import (
    MAX_FRAME_BYTES,
    Header,
    RecordingRefused,
    Writer,
    load,
)

HEADER = Header("kraken", "2026-11-30T13:00:00Z", "none", "a test", ("BTC/USD",), synthetic=True)
FRAME = '{"last":0.99980}'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "session.jsonl"
    with Writer(path, HEADER) as writer:
        writer.write(0, "open", "wss://venue")
        writer.write(10, "in", FRAME)
        writer.write(7, "in", FRAME)
        writer.write(20, "close", "1006 lost")
        writer.end(30)
    return path


def test_a_recording_comes_back_as_it_was_written(file: Path) -> None:
    recording = load(file)
    assert recording.header == HEADER
    assert recording.header.began == 1_796_043_600_000_000
    assert [(line.t, line.direction) for line in recording.lines] == [
        (0, "open"),
        (10, "in"),
        (10, "in"),  # time does not go back
        (20, "close"),
        (30, "close"),
    ]
    assert recording.lines[1].text == FRAME
    assert recording.length == 30


def test_the_largest_frame_that_is_recorded_can_be_read_again(tmp_path: Path) -> None:
    path, frame = tmp_path / "large.jsonl", '"' * MAX_FRAME_BYTES
    with Writer(path, HEADER) as writer:
        writer.write(0, "in", frame)
        writer.end(1)
    assert load(path).lines[0].text == frame


def test_a_line_is_what_the_documentation_says(file: Path) -> None:
    first, second, *_ = file.read_text().splitlines()
    assert json.loads(first)["symbols"] == ["BTC/USD"]
    assert json.loads(second) == {"t": 0, "dir": "open", "text": "wss://venue"}


def test_no_recording_is_written_over(file: Path) -> None:
    with pytest.raises(FileExistsError):
        Writer(file, HEADER)


@pytest.mark.parametrize("lines", range(1, 6))
def test_a_file_that_is_cut_between_lines_is_refused(file: Path, lines: int) -> None:
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:lines]))
    with pytest.raises(RecordingRefused, match="the file is cut") as refused:
        load(file)
    assert refused.value.line == lines


def test_a_file_that_is_cut_anywhere_is_refused(file: Path) -> None:
    whole = file.read_bytes()
    for size in range(len(whole)):
        file.write_bytes(whole[:size])
        with pytest.raises(RecordingRefused):
            load(file)


@pytest.mark.parametrize(
    ("number", "row", "why"),
    [
        (1, b"", "no header"),
        (1, b"[]", "no header"),
        (1, b"\xff\xfe", "no header"),
        (1, b'{"source":"kraken"}', "no header"),
        (
            1,
            b'{"source":"","recorded_at":"2026-11-30T13:00:00Z","licence":"","note":"","symbols":["A"]}',
            "no source",
        ),
        (
            1,
            b'{"source":"k","recorded_at":"2026-11-30T13:00:00Z","licence":"","note":"","symbols":[]}',
            "no symbols",
        ),
        (
            1,
            b'{"source":"k","recorded_at":"yesterday","licence":"","note":"","symbols":["A"]}',
            "no header",
        ),
        (
            1,
            b'{"source":"k","recorded_at":"2026-11-30T13:00:00","licence":"","note":"","symbols":["A"]}',
            "no time in UTC",
        ),
        (3, b"{}", "no frame"),
        (3, b"nonsense", "no frame"),
        (3, b'{"t":1.5,"dir":"in","text":""}', "no frame"),
        (3, b'{"t":10,"dir":"sideways","text":""}', "no frame"),
        (3, b'{"t":10,"dir":"in","text":"","more":1}', "no frame"),
        (3, b'{"t":-1,"dir":"in","text":""}', "goes back"),
        (4, b'{"t":9,"dir":"in","text":""}', "goes back from 10 to 9"),
        (5, b'{"t":20,"dir":"close","text":"lost"}', "begins with its code"),
    ],
)
def test_a_wrong_line_is_named_with_its_reason(
    file: Path, number: int, row: bytes, why: str
) -> None:
    rows = file.read_bytes().splitlines()
    rows[number - 1] = row
    file.write_bytes(b"\n".join(rows) + b"\n")
    with pytest.raises(RecordingRefused, match=why) as refused:
        load(file)
    assert refused.value.line == number
    assert f"{file}, line {number}: " in str(refused.value)


def test_a_line_that_is_too_long_is_refused_without_being_read(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hoardrun.market.recording.format.MAX_LINE_BYTES", 200)
    file.write_bytes(file.read_bytes().replace(b"1006 lost", b"1006 " + b"x" * 300))
    with pytest.raises(RecordingRefused, match="longer than 200 bytes") as refused:
        load(file)
    assert refused.value.line == 5
