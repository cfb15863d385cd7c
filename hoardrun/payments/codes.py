"""The tables of codes of providers, which are data: `codes.toml` beside each protocol. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from hoardrun.payments.evidence import Claim, Evidence, Source

Table = Mapping[str, "Meaning"]


class Meaning(Struct, frozen=True, forbid_unknown_fields=True):
    """The meaning of a provider's code."""

    claim: Claim
    reason: str = ""
    retry_safe: bool = False
    alarm: bool = False

    def __post_init__(self) -> None:
        Evidence(claim=self.claim, source=Source.ACK, reason=self.reason)  # refuses other reasons


UNKNOWN = Meaning(Claim.UNKNOWN, "unknown_code")


def read_codes(path: Path) -> dict[str, dict[str, Meaning]]:
    """Read the tables of a provider. Raises ValueError for a claim or a reason that is none."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return msgspec.convert(tables, dict[str, dict[str, Meaning]])


def find(table: Table, code: str) -> Meaning | None:
    """Look up a code, and then the rows that end in `*` and begin like it."""
    if code in table:
        return table[code]
    return next((table[row] for row in table if row[-1] == "*" and code.startswith(row[:-1])), None)


def evidence_of(meaning: Meaning, source: Source, **told: Any) -> Evidence:
    """Make evidence of what a code means and what else was told."""
    return Evidence(
        claim=meaning.claim,
        source=source,
        reason=meaning.reason,
        retry_safe=meaning.retry_safe,
        alarm=meaning.alarm,
        **told,
    )
