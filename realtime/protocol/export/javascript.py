"""The version of the browser client's shared connection: `version.js`.

Pages of one version share a worker. After a deploy, a page that runs new code must not join the
worker that an old page has started, so every change of these files is another version.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from realtime.protocol.messages import PAYLOADS

_STATIC = Path(__file__).parents[2] / "static" / "realtime"
# Files that run in the worker, and files that talk to it.
_FILES = ("parts.js", "connection.js", "shared.js", "worker.js")


def version() -> str:
    """Write the whole file: what the worker filters by, and a digest of it and of the files."""
    filters = {
        name: None if len(kind.filter_types) > 1 else kind.filter_types[0]
        for name, kind in PAYLOADS.items()
        if kind.filter_types
    }
    text = (
        "// Written by `manage.py export_protocol` from the messages and the files beside it.\n\n"
        "// What subscriptions filter a message by; null: what its `type` says.\n"
        f"export const FILTERS = {json.dumps(filters, indent=2)};\n"
    )
    parts = [text.encode(), *((_STATIC / name).read_bytes() for name in _FILES)]
    digest = hashlib.sha256(b"\0".join(parts))
    return f'{text}export const VERSION = "{digest.hexdigest()[:16]}";\n'
