"""Somebody has left the desk: from the tab's socket to the phone, with a real node and worker.

Only the push service and the provider of SMS are stand-ins, which speak the real protocols.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from typing import Any

import pytest

from hoardrun.demo.providers.push import PushService
from hoardrun.demo.providers.sms import AfricasTalking
from notifications.channels.push import vapid
from tests.nodes import ALICE, BOB, USERS, connect
from tests.services.client import Client
from tests.services.ports import until
from tests.services.process import Process
from tests.services.server import Server

pytestmark = [pytest.mark.servers, pytest.mark.operation]

NUMBERS = {ALICE: "+256772000001", BOB: "+256772000002"}
ADDRESSES = """
from tests.notifications.delivery.support import address
for number, endpoint, keys, phone in {rows!r}:
    user = User.objects.get(id=number)
    address(user, "push", endpoint, service="web", keys=keys)
    address(user, "sms", phone)
"""
FAILED = f"""
from notifications.services import notification_create
from tests.notifications.delivery.support import CONTEXTS
kind = "transaction.failed"
for user_id in {(ALICE, BOB)!r}:
    notification_create(user_id=user_id, type="transaction", kind=kind, context=CONTEXTS[kind])
"""


def rows(server: Server, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{server.folder}/db.sqlite3?mode=ro", uri=True)) as database:
        return database.execute(query).fetchall()


async def acknowledge(client: Client, user: int) -> tuple[int, int]:
    """Apply the notification, as a tab does even behind others; show it to nobody."""
    event = await client.receive("notification")
    await client.request(type="ack", stream=f"user:{user}", offset=event["offset"])
    return user, event["offset"]


@pytest.mark.reported(number=11)
async def test_who_has_left_the_desk_gets_a_push_and_without_a_phone_the_sms_too() -> None:
    key = vapid.new_private_key()
    with PushService() as service, AfricasTalking("acme", "key") as sms:
        browsers = {user: service.subscribe(vapid.Key(key).public) for user in NUMBERS}
        given = [
            (user, browser.endpoint, browser.keys, NUMBERS[user])
            for user, browser in browsers.items()
        ]
        env = {
            "DEBUG": "1",  # which lets calls go to loopback
            "VAPID_PRIVATE_KEY": key,
            "VAPID_SUBJECT": "mailto:ops@acme.example",
            "PUBLIC_BASE_URL": "https://api.acme.example",
            "SMS_PROVIDERS": "africastalking",
            "SMS_COUNTRIES": "UG",
            "AFRICASTALKING_USERNAME": "acme",
            "AFRICASTALKING_API_KEY": "key",
            "AFRICASTALKING_URL": sms.url,
            "ESCALATION_TIME_SCALE": "1000",  # so that all rungs are due when the worker starts
        }
        with Server(env=env, prepare=USERS + ADDRESSES.format(rows=given)) as server:
            desk = await connect(server, ALICE, device="desk", query={"device_class": "desktop"})
            phone = await connect(server, BOB, device="phone", query={"device_class": "phone"})
            for state in ("active", "away"):  # visible and focused, and then no input for a minute
                await desk.request(type="presence", state=state)
            await asyncio.to_thread(server.shell, FAILED)
            acked = {await acknowledge(desk, ALICE), await acknowledge(phone, BOB)}
            cursors = "SELECT user_id, acked FROM realtime_cursor"
            await until(lambda: acked <= set(rows(server, cursors)), seconds=10)

            command = [sys.executable, "manage.py", "deliver"]
            worker = Process(command, log=server.folder / "deliver.log", env=server.env)
            try:
                is_over = "SELECT count(*) FROM notifications_escalation WHERE closed_at IS NULL"
                await until(lambda: rows(server, is_over) == [(0,)], seconds=30)
                under_way = (
                    "SELECT count(*) FROM notifications_delivery "
                    "WHERE state IN ('queued', 'sending', 'unknown')"
                )
                await until(lambda: rows(server, under_way) == [(0,)], seconds=30)
            finally:
                worker.stop()
            await desk.close()
            await phone.close()
            seen = "SELECT count(*) FROM notifications_notification WHERE seen_at IS NOT NULL"
            assert rows(server, seen) == [(0,)]
        shown = {taken["endpoint"] for taken in service.ledger if taken["shown"]}
        assert shown == {browser.endpoint for browser in browsers.values()}
        assert [taken["to"] for taken in sms.ledger] == [NUMBERS[ALICE]]
