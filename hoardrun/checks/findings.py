"""The findings of checks: the words of each id are in `findings.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Error, Info, Warning

_SEVERITIES = {"I": Info, "W": Warning, "E": Error}
_TEXTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def finding(code: str, obj: Any = None, **values: object) -> CheckMessage:
    """Report what an id such as `hoardrun.W001` stands for, with these values in its words."""
    severity = _SEVERITIES[code.rpartition(".")[2][0]]
    text = {name: words.format(**values) for name, words in _TEXTS[code].items()}
    return severity(text["what"], hint=text["hint"], obj=obj, id=code)
