"""The numbers of this process: plain integers and histograms with fixed bounds, for a scrape.

Code adds to `meters.<name>` where a thing happens, without a lock and without a library.
`realtime.meters.table` declares every number once; `realtime.cluster.exposition` writes them in
the text format of Prometheus. Code that runs on several threads adds under `meters.lock`.
"""

from __future__ import annotations

from realtime.meters.kinds import Histogram as Histogram
from realtime.meters.kinds import Meter as Meter
from realtime.meters.table import Meters as Meters
from realtime.meters.table import meters as meters
from realtime.meters.timing import timed as timed
