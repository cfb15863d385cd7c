"""The registry: what can be measured, in the order of `all`."""

from __future__ import annotations

from bench.scenario import Scenario
from bench.scenarios import (
    bulk,
    capacity,
    connect,
    costs,
    crowd,
    durable,
    fanout,
    flood,
    http,
    idle,
    latency,
    market,
    metering,
    notify,
    overload,
    paced,
    payments,
    rows,
    spread,
    stuck,
    subscribe,
)

SCENARIOS: tuple[Scenario, ...] = (
    fanout.SCENARIO,
    paced.SCENARIO,
    latency.SCENARIO,
    idle.SCENARIO,
    rows.SCENARIO,
    spread.SCENARIO,
    crowd.SCENARIO,
    connect.SCENARIO,
    durable.SCENARIO,
    metering.SCENARIO,
    bulk.SCENARIO,
    notify.SCENARIO,
    payments.SCENARIO,
    market.SCENARIO,
    stuck.SCENARIO,
    flood.SCENARIO,
    overload.SCENARIO,
    subscribe.SCENARIO,
    capacity.SCENARIO,
    costs.SCENARIO,
    http.SCENARIO,
)
