"""The product's settings; at SIGWINCH the server writes how many objects Python keeps."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path

from hoardrun.settings import *  # noqa: F403 everything, as it is

KEPT_FILE = Path(os.environ.get("FUZZ_KEPT_FILE", os.devnull))


def _tell(*_: object) -> None:
    gc.collect()
    written = KEPT_FILE.with_suffix(".written")
    written.write_text(str(sys.getallocatedblocks()))
    written.replace(KEPT_FILE)


signal.signal(signal.SIGWINCH, _tell)
