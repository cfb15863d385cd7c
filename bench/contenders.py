"""The registry of contenders in a broadcast, in the order of the table."""

from __future__ import annotations

from bench.contender import Contender
from bench.peers.channels import StockChannels
from bench.peers.fastapi import FastApi
from bench.peers.hoardrun import Hoardrun, HoardrunMarket, HoardrunMemory, HoardrunWorkers
from bench.peers.nats import Nats
from bench.peers.nchan import Nchan, NchanPipelined
from bench.peers.send_loop import SendLoop

BROADCAST: tuple[Contender, ...] = (
    Hoardrun(),
    HoardrunWorkers(),
    HoardrunMarket(),
    HoardrunMemory(),
    StockChannels("daphne", "pubsub"),
    StockChannels("daphne", "core"),
    StockChannels("uvicorn", "pubsub"),
    StockChannels("uvicorn", "core"),
    FastApi(),
    Nchan(),
    NchanPipelined(),
    Nats(),
    SendLoop(),
)
