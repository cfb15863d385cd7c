"""What the product was told about addresses, and when it may and when it must have known. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

NEVER = float("inf")
ENDS = {"stop", "bounced", "complained"}  # START undoes a STOP; the others hold for good


class Words:
    """The words of a run by their addresses: (told, moment, word), in their order."""

    def __init__(self, outside: Iterable[list[Any]]) -> None:
        self._of: dict[str, list[tuple[bool, float, str]]] = defaultdict(list)
        for kind, at, *rest in outside:
            if kind in {"telling", "told"}:
                word, address, _ = rest
                self._of[address].append((kind == "told", at, word))

    def ended(self, address: str, at: float) -> float:
        """Return since when the product surely knew, at a moment, that an address has ended."""
        since = NEVER
        for is_told, moment, word in self._of.get(address, ()):
            if moment > at:
                break
            if word == "start":
                since = NEVER
            elif is_told:
                since = min(since, moment)
        return since

    def may_have_ended(self, address: str, since: float, until: float) -> bool:
        """Say whether the product may have thought so at some moment between."""
        may = False
        for is_told, moment, word in self._of.get(address, ()):
            if moment > until:
                break
            if word in ENDS:
                may = True
            elif is_told and moment < since:
                may = False
        return may
