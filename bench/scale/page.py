"""The blocks of `docs/scale.md` that the command writes, and figures of the text between them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bench.scale.tables import BLOCKS, Answer
from tests.services.environment import ROOT

PAGE = ROOT / "docs" / "scale.md"
STORED = ROOT / "docs" / "benchmark" / "units.json"
SIZES = (100_000, 1_000_000, 10_000_000)
SEED = 1
_BLOCK = re.compile(r"(<!-- scale: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_NO_FIGURES = r"`[^`]*`|\[[^\]]*\]\([^)]*\)|^\d+\. "  # names, links, numbers of a list
_FIGURE = re.compile(r"(?<![\w.,])\d[\d.,]*\d|(?<![\w.,])\d")


def written(page: str, answer: Answer) -> str:
    """Return the page with each block as this answer has it."""

    def block(found: re.Match[str]) -> str:
        return f"{found[1]}\n{BLOCKS[found[2]](answer)}\n\n{found[4]}"

    return _BLOCK.sub(block, page)


def blocks(page: str) -> list[str]:
    """Name the blocks of a page."""
    return [name for _, name, _, _ in _BLOCK.findall(page)]


def loose_figures(page: str) -> Iterator[str]:
    """Yield the figures of the text between the blocks that no block has."""
    known = set(_FIGURE.findall("".join(body for _, _, body, _ in _BLOCK.findall(page))))
    text = re.sub(_NO_FIGURES, "", _BLOCK.sub("", page), flags=re.MULTILINE)
    yield from (figure for figure in _FIGURE.findall(text) if figure not in known)
