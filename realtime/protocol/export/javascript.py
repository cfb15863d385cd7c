"""The version of the browser client's shared connection: `version.js`.

Pages of one version share a worker. After a deploy, a page that runs new code must not join the
worker that an old page has started, so every change of these files is another version.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_STATIC = Path(__file__).parents[2] / "static" / "realtime"
# What runs in the worker, and what talks to it.
_FILES = ("parts.js", "connection.js", "shared.js", "worker.js")


def version() -> str:
    """Write the whole file: a digest of what runs on both sides of the worker's port."""
    digest = hashlib.sha256(b"\0".join((_STATIC / name).read_bytes() for name in _FILES))
    return (
        "// Written by `manage.py export_protocol` from the files beside it.\n"
        f'export const VERSION = "{digest.hexdigest()[:16]}";\n'
    )
