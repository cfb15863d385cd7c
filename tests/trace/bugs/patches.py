"""What each bug changes in the process that traces; the nodes have none."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from realtime.trace import fate, verdict
from realtime.trace.evidence import Life
from tests.faults.bugs.patching import changes


@changes("written-is-read", "_written", verdict)
def written_is_read(original: Any, *given: Any, **named: Any) -> Any:
    """Forget that a socket was closed because nobody read."""
    good = {"code": 1000, "queued": 0, "held_seconds": None}
    changed = (replace(one, **good) if isinstance(one, Life) else one for one in given)
    return original(*changed, **named)


@changes("resets-unseen", "fate", verdict)
def resets_unseen(original: Any, event: Any, life: Life) -> Any:
    """Take what a socket was put past for written."""
    kept = [note for note in life.notes if note.kind not in {"anew", "resync"}]
    return original(event, replace(life, notes=kept))


@changes("filters-unseen", "_filter", fate)
def filters_unseen(original: Any, *given: Any) -> Any:
    """Take what a filter held back for written."""
    return None


@changes("delays-unseen", "_in_time", verdict)
def delays_unseen(original: Any, event: Any, life: Life, delays: Any) -> Any:
    """Take what a node found by itself for in time."""
    return original(event, life, [])


@changes("silence-unseen", "lost_at", Life)
def silence_unseen(original: Any, life: Life) -> Any:
    """Take a node that says nothing for one that lives."""
    return None


@changes("codes-unseen", "_absent", verdict)
def codes_unseen(original: Any, event: Any, device: Any, *given: Any, **named: Any) -> Any:
    """Forget why the sockets of a device were closed."""
    lives = [replace(life, code=1000) for life in device.lives]
    return original(event, replace(device, lives=lives), *given, **named)
