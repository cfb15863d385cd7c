"""The verdicts that count as passed, and the known failures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Cases that may fail, and why. One that passes is taken off: the run fails until it is.
ALLOWED = {
    "7.1.5": (
        "A close frame between the fragments of a message is answered with 1002, where the "
        "suite expects the client's own code. The websockets library does so on purpose "
        '(`Protocol.recv_frame`: "incomplete fragmented message"). The connection closes '
        "either way, and nothing of the unfinished message is used."
    ),
}
# As the suite has them: NON-STRICT is a permitted but late answer, INFORMATIONAL no verdict.
BEHAVIOURS = ("OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "FAILED")
_PASSED = frozenset({"OK", "NON-STRICT", "INFORMATIONAL"})

Results = Mapping[str, Mapping[str, Any]]


def behaviour(result: Mapping[str, Any]) -> str:
    """Return what a case is counted as; one that was closed wrongly has failed."""
    if result["behavior"] in _PASSED and result["behaviorClose"] not in _PASSED:
        return "FAILED"
    return str(result["behavior"])


def problems(results: Results, expected: int, allowed: Mapping[str, str] = ALLOWED) -> list[str]:
    """Return, in a sentence each, what keeps the run from passing.

    A case that the suite could not try (UNIMPLEMENTED) has not passed.
    """
    found = []
    if len(results) != expected:
        found.append(f"{len(results)} cases ran, and {expected} were expected.")
    for case in sorted(results, key=in_order):
        passed = behaviour(results[case]) in _PASSED
        if not passed and case not in allowed:
            found.append(f"{case} is {behaviour(results[case])}: see its page.")
        elif passed and case in allowed:
            found.append(f"{case} passes now: take it off the list of allowed failures.")
    return found


def in_order(case: str) -> list[int]:
    """Sort 9.2.10 behind 9.2.9."""
    return [int(part) for part in case.split(".")]
