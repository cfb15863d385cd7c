"""Reading stops while a flow is held."""

from __future__ import annotations

import asyncio
from unittest.mock import Mock

from realtime.servers.closing import HeldFlow


async def test_nothing_is_read_while_it_is_held() -> None:
    transport = Mock(spec=asyncio.Transport)
    flow = HeldFlow(transport)
    flow.hold(True)
    flow.resume_reading()
    transport.pause_reading.assert_called_once()
    transport.resume_reading.assert_not_called()
    flow.hold(False)
    transport.resume_reading.assert_called_once()
