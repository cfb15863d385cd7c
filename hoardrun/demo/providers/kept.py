"""The list of what a provider has accepted, in memory and, if it has one, in its own file."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any


class Ledger(list[dict[str, Any]]):
    """A list of entries; in its file each is a line of JSON, on the disk before the answer."""

    def __init__(self, file: Path | None = None) -> None:
        super().__init__()
        self._file = file.open("ab") if file else None
        self._lock = threading.Lock()

    def accept(self, **entry: Any) -> dict[str, Any]:
        """Keep an entry and return it, with the time in `at`."""
        kept = {"at": time.time(), **entry}
        with self._lock:
            if self._file is not None:
                self._file.write(json.dumps(kept, default=_as_text).encode() + b"\n")
                self._file.flush()
                os.fsync(self._file.fileno())
            self.append(kept)
        return kept

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _as_text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
