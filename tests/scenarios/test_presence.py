"""Who was reached, from the socket of a real node to what other apps are told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.nodes import ALICE, connect, push_balance
from tests.services.server import Server

pytestmark = pytest.mark.servers

# Waits until a condition on the devices holds, and prints them.
LOOK = """
import json, time
from datetime import timedelta
from realtime import clock, reach
since = clock.now() - timedelta(minutes=1)
deadline = time.monotonic() + 30
while True:
    user = reach.devices({{{user}: since}})[{user}]
    at = {{device.name: device for device in user.devices}}
    if {condition}:
        break
    assert time.monotonic() < deadline, user
    time.sleep(0.1)
found = user.reached({epoch!r}, {offset}, since)
print(json.dumps({{
    "reached": found and found.name,
    "active": sorted(d.name for d in user.devices if d.is_active),
    "classes": {{d.name: d.device_class for d in user.devices if d.name.startswith("of-")}},
    "last_seen": user.last_seen_at is not None,
}}))
"""


async def look(server: Server, event: dict[str, Any], epoch: str, condition: str) -> Any:
    """Return what is told of the user's devices once the condition on them, `at`, holds."""
    script = LOOK.format(user=ALICE, condition=condition, epoch=epoch, offset=event["offset"])
    return json.loads(await asyncio.to_thread(server.shell, script))


@pytest.mark.reported(number=11)
async def test_a_hidden_desktop_is_not_reached_and_a_phone_is(served: Server) -> None:
    desk = await connect(served, ALICE, device="of-desk", query={"device_class": "desktop"})
    epoch = desk.greeting["positions"][f"user:{ALICE}"]["epoch"]
    event = await asyncio.to_thread(push_balance, served, ALICE, 1)
    ack = {"type": "ack", "stream": f"user:{ALICE}", "offset": event["offset"]}
    await desk.receive("balance_update")
    await desk.request(**ack)
    applied = "'of-desk' in at and at['of-desk'].is_open"
    found = await look(served, event, epoch, applied)
    assert found["reached"] is None and "of-desk" not in found["active"]

    assert (await desk.request(type="presence", state="active"))["data"] == {"state": "active"}
    found = await look(served, event, epoch, "at['of-desk'].is_active")
    assert found["reached"] == "of-desk"
    await desk.close()

    phone = await connect(
        served,
        ALICE,
        device="of-phone",
        query={"device_class": "phone"},
        since={f"user:{ALICE}": event["offset"] - 1},
    )
    await phone.receive("balance_update")
    await phone.request(**ack)
    await phone.close()
    gone = "'of-phone' in at and at['of-phone'].device_class and not at['of-phone'].is_open"
    found = await look(served, event, epoch, f"{gone} and not at['of-desk'].is_open")
    assert found["classes"] == {"of-desk": "desktop", "of-phone": "phone"}
    assert found["reached"] in {"of-desk", "of-phone"} and found["last_seen"]
