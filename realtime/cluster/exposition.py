"""Writes meters in the text format of Prometheus, by its own library."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import chain

from prometheus_client import GCCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.registry import CollectorRegistry

from realtime.cluster.families import family_of, text_of
from realtime.cluster.fleet import FleetOnOneNode
from realtime.cluster.readings import READINGS
from realtime.hub.hub import Hub
from realtime.meters import here, meters
from realtime.meters.kinds import declared
from realtime.meters.names import OTHER_CLOSES
from realtime.meters.readiness import METER, readiness
from realtime.meters.table import LISTS
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.commands import COMMAND_TYPES
from realtime.protocol.messages import PAYLOADS

AT_ONCE = 8  # families written before other work of the loop has its turn

_process = CollectorRegistry(auto_describe=False)
ProcessCollector(registry=_process)
GCCollector(registry=_process)


async def render(hub: Hub, fleet: FleetOnOneNode) -> bytes:
    """Write all of this process, in pieces, so that sockets do not wait for the whole.

    The node that serves the deployment adds its numbers.
    """
    parts: list[bytes] = []
    piece: list[Metric] = []
    found, checks = await asyncio.gather(fleet.get(), readiness.read())
    for family in chain(families(hub), [family_of(METER, checks, _where())], found):
        piece.append(family)
        if len(piece) == AT_ONCE:
            parts.append(text_of(piece))
            piece = []
            await asyncio.sleep(0)
    parts.append(text_of(piece))
    return b"".join(parts)


def families(hub: Hub) -> Iterator[Metric]:
    """Read everything that this process counts."""
    list_labels()
    where = _where()
    for meter in declared(meters):
        yield family_of(meter, getattr(meters, meter.name), where)
    for reading in READINGS:
        value = reading.read(hub)
        if value is not None:
            yield family_of(reading.meter, value, where)
    yield from _process.collect()


def _where() -> dict[str, str]:
    return {"node": here.node, "worker": str(here.worker)}


def list_labels() -> None:
    """List the values of labels that the wire defines; apps may have added some."""
    LISTS["message"] = [*PAYLOADS]
    LISTS["command"] = [*sorted(COMMAND_TYPES), "invalid"]
    LISTS["error"] = [code.wire for code in ErrorCode]
    LISTS["close"] = [*OTHER_CLOSES, *(str(int(code)) for code in CloseCode)]
