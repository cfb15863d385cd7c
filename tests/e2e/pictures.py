"""Keep pictures of the docs small: few colours, no more than a page needs, several in one."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

MOST = 150_000  # bytes of one picture: the docs have a dozen
GAP = 12  # pixels between those in one
_BEHIND = "#8b94a3"


def keep(picture: bytes, path: Path) -> None:
    """Write a screenshot as a file. Raises ValueError for one that is too large for the docs."""
    _write(Image.open(BytesIO(picture)).convert("RGB"), path)


def keep_together(rows: Sequence[Sequence[bytes]], path: Path) -> None:
    """Write several screenshots as one file, in rows."""
    opened = [[Image.open(BytesIO(one)).convert("RGB") for one in row] for row in rows]
    widths = [max(one.width for one in column) for column in zip(*opened, strict=True)]
    heights = [max(one.height for one in row) for row in opened]
    size = (sum(widths) + GAP * (len(widths) + 1), sum(heights) + GAP * (len(heights) + 1))
    sheet = Image.new("RGB", size, _BEHIND)
    top = GAP
    for row, height in zip(opened, heights, strict=True):
        left = GAP
        for one, width in zip(row, widths, strict=True):
            sheet.paste(one, (left, top))
            left += width + GAP
        top += height + GAP
    _write(sheet, path)


def _write(image: Image.Image, path: Path) -> None:
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.name}: {image.width} x {image.height}, {size:,} bytes", flush=True)
    if size > MOST:
        raise ValueError(f"{path.name} has {size:,} bytes, not {MOST:,} at most.")
