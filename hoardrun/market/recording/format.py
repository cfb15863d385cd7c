"""The format of recordings: a header, then one frame a line, each line JSON.

    {"source":"kraken","recorded_at":"2026-11-30T13:00:00Z","licence":"…","note":"…","symbols":["BTC/USD"]}
    {"t":0,"dir":"open","text":"wss://ws.kraken.com/v2"}
    {"t":41200,"dir":"in","text":"<the frame as it came>"}
    {"t":3600000000,"dir":"close","text":"1000 end"}

`t` is microseconds since `recorded_at` and never goes back. `text` is the raw frame: a price of
0.99980 stays 0.99980. A `close` says with which code and why. The last line closes with `1000 end`:
a file without it has been cut, and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, Literal

import msgspec

END = "1000 end"
MAX_FRAME_BYTES = 4 * 2**20  # that is recorded
MAX_LINE_BYTES = 6 * MAX_FRAME_BYTES + 1024  # each of its characters may be escaped
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLOSE = re.compile(r"\d{4}( .*)?")

Direction = Literal["in", "out", "open", "close"]


class RecordingRefused(ValueError):
    """A file is no whole recording. The text names file and line, and says what is wrong."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(f"{path}, line {line}: {why}")
        self.line = line


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a recording comes from, and what may be done with it.

    `symbols` are the venue's own. `synthetic` marks one that a program has made up.
    """

    source: str
    recorded_at: str
    licence: str
    note: str
    symbols: tuple[str, ...]
    synthetic: bool = False

    @property
    def began(self) -> int:
        """The time of `t` 0, in microseconds since 1970. Raises ValueError."""
        moment = datetime.fromisoformat(self.recorded_at)
        if moment.utcoffset() != timedelta(0):
            raise ValueError(f"recorded_at is {self.recorded_at}, which is no time in UTC")
        return (moment - _EPOCH) // timedelta(microseconds=1)


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"direction": "dir"}):
    """A frame, or the beginning or the end of a connection."""

    t: int
    direction: Direction
    text: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A whole recording in memory."""

    header: Header
    lines: tuple[Line, ...]

    @property
    def length(self) -> int:
        """From its beginning to its end, in microseconds."""
        return self.lines[-1].t


def load(path: Path) -> Recording:
    """Read a recording. Raises OSError, and RecordingRefused if it is cut or wrong."""
    with path.open("rb") as file:
        rows = _rows(path, file)
        header = _header(path, next(rows, b""))
        lines = tuple(_lines(path, rows))
    if not lines or (lines[-1].direction, lines[-1].text) != ("close", END):
        raise RecordingRefused(
            path, len(lines) + 1, f'the last line does not close with "{END}": the file is cut.'
        )
    return Recording(header, lines)


class Writer:
    """Writes a recording, a line as it comes. Raises FileExistsError: it replaces no file."""

    def __init__(self, path: Path, header: Header) -> None:
        self.header = header
        self._file = path.open("xb")
        self._last = 0
        self.frames = 0
        self._put(header)

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def write(self, t: int, direction: Direction, text: str) -> None:
        """Add a line. One that is earlier than the last is written at the last one's time."""
        self._last = max(self._last, t)
        self._put(Line(self._last, direction, text))
        self.frames += direction == "in"

    def end(self, t: int) -> None:
        """Say that the recording is whole."""
        self.write(t, "close", END)

    def _put(self, line: Header | Line) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")


def _rows(path: Path, file: IO[bytes]) -> Iterator[bytes]:
    number = 0
    while row := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(row) > MAX_LINE_BYTES:
            raise RecordingRefused(path, number, f"it is longer than {MAX_LINE_BYTES:,} bytes.")
        if not row.endswith(b"\n"):
            raise RecordingRefused(path, number, "it does not end: the file is cut.")
        yield row


def _header(path: Path, row: bytes) -> Header:
    if not row:
        raise RecordingRefused(path, 1, "the file is empty.")
    try:
        header = msgspec.json.decode(row, type=Header)
        if header.began < 0:
            raise ValueError(f"recorded_at is {header.recorded_at}, before 1970")
    except ValueError as error:
        raise RecordingRefused(path, 1, f"this is no header: {error}") from None
    if not header.source or not header.symbols:
        raise RecordingRefused(path, 1, "the header names no source or no symbols.")
    return header


def _lines(path: Path, rows: Iterator[bytes]) -> Iterator[Line]:
    decode = msgspec.json.Decoder(Line).decode
    last = 0
    for number, row in enumerate(rows, start=2):
        try:
            line = decode(row)
        except ValueError as error:
            raise RecordingRefused(path, number, f"this is no frame: {error}") from None
        if line.t < last:
            raise RecordingRefused(path, number, f"t goes back from {last} to {line.t}.")
        if line.direction == "close" and not _CLOSE.fullmatch(line.text):
            raise RecordingRefused(path, number, "a close begins with its code, such as 1006.")
        last = line.t
        yield line
