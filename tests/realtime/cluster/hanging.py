"""The product's settings, with workers whose event loop hangs from SIGWINCH on."""

from __future__ import annotations

import signal
import time

from hoardrun.settings import *  # noqa: F403 everything, as it is
from realtime.cluster import working

working.HUNG_SECONDS = 1
signal.signal(signal.SIGWINCH, lambda *_: time.sleep(600))
