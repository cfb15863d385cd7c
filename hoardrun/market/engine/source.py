"""The leader of a venue: a term of its connection after the other, while staff let it run."""

from __future__ import annotations

import asyncio

from hoardrun.market.engine import store, threads
from hoardrun.market.engine.outlet import Give, Outlet, Publish
from hoardrun.market.engine.store import Report
from hoardrun.market.engine.term import Term
from hoardrun.market.engine.times import SAVE_SECONDS
from hoardrun.market.feeds.venue import Venue
from hoardrun.market.lease import Held
from hoardrun.market.options import scaled

_STOPPED = "stopped"


class VenueLeader:
    """Keeps a venue's connection and publishes its prices, for one term of the source's lease."""

    def __init__(
        self,
        name: str,
        venue: type[Venue],
        url: str,
        *,
        publish: Publish,
        give: Give,
        pace: float = 1.0,
    ) -> None:
        """`pace` is that of the connection's clocks; with another than 1, a recording is played."""
        self._name, self._venue, self._url = name, venue, url
        self._publish, self._give, self._pace = publish, give, pace

    async def run(self, held: Held) -> None:
        """Lead until cancelled. Raises Overtaken. While staff have stopped the source, wait."""
        outlet = Outlet(self._name, held, self._publish, self._give)
        while True:
            if await threads.run(store.is_stopped, self._name):
                await outlet.save(Report(state=_STOPPED, reason="by staff"))
                await asyncio.sleep(scaled(SAVE_SECONDS))
            else:
                term = Term(self._name, self._venue, self._url, held, outlet, pace=self._pace)
                await term.run()
