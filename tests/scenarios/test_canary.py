"""No credential is in a log, a page, an answer, a metric or a message between nodes."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.nodes import ALICE, USERS
from tests.services import reaper, secrets
from tests.services.client import Client
from tests.services.plugin import Serve
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server

pytestmark = pytest.mark.servers

PASSWORD = "canary-of-a-secret-1-pass"
_PASSWORDS = """
from django.contrib.auth.models import User
for user in User.objects.all():
    user.set_password(PASSWORD)
    user.is_superuser = user.is_staff
    user.save()
"""
_PAGES = """
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.contrib import admin
from django.conf import settings
settings.ALLOWED_HOSTS = ["*"]
browser = Client()
browser.force_login(User.objects.get(is_superuser=True))
for model in admin.site._registry:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_"
    print(browser.get(reverse(name + "changelist"), secure=True).content.decode())
    for row in model._default_manager.order_by("-pk")[:20]:
        print(browser.get(reverse(name + "change", args=[row.pk]), secure=True).content.decode())
"""


async def test_no_credential_is_seen_anywhere(
    postgres: Postgres, redis: Redis, serve: Serve
) -> None:
    env = {
        "DATABASE_URL": postgres.migrated("canary"),
        "REDIS_URL": redis.url,
        "LOG_LEVEL": "DEBUG",
        "WS_MAX_LOGINS_PER_SECOND_PER_USER": "1000",
    }
    server = serve(env=env, prepare=f"{USERS}\nPASSWORD = {PASSWORD!r}\n{_PASSWORDS}")
    reader, writer = await asyncio.open_connection("127.0.0.1", redis.port)
    writer.write(b"MONITOR\r\n")
    watching = asyncio.create_task(reader.read())
    seen = await use_every_credential(server)
    writer.write_eof()
    seen["redis"] = (await watching).decode(errors="replace")
    assert "PUBLISH" in seen["redis"].upper()
    writer.close()
    seen["admin"] = await asyncio.to_thread(server.shell, _PAGES)
    assert "issuedtoken" in seen["admin"]
    seen["stats"] = await asyncio.to_thread(server.manage, "stats", "--json")
    tokens = json.loads(seen.pop("secrets"))
    for place, text in seen.items():
        for secret in (*tokens, PASSWORD):
            assert secret not in text, f"in {place}"
            assert secret.rpartition(".")[2] not in text, f"its signature in {place}"
        assert not [line for line in secrets.leaked(text) if "eyJ" in line], place
    assert secrets.leaked_in(Path(reaper.workspace())) == []


async def use_every_credential(server: Server) -> dict[str, str]:
    alice = await asyncio.to_thread(server.log_in, "alice", PASSWORD)
    staff = await asyncio.to_thread(server.log_in, "charlie", PASSWORD)
    tickets = [
        (await asyncio.to_thread(server.request, "POST", "/api/ws-ticket", token=alice["access"]))
        .json()["ticket"]
        for _ in range(2)
    ]  # fmt: skip
    good, bad = alice["access"], alice["access"][:-4] + "AAAA"
    ways: list[dict[str, object]] = [{"query": {"ticket": ticket}} for ticket in tickets * 2]
    for token in (good, bad):
        ways += [
            {"token": token},
            {"headers": {"Authorization": f"Bearer {token}"}},
            {"subprotocols": ["hoardrun.v1", f"bearer.{token}"]},
            {"query": {"token": token, "since": "nonsense"}},
        ]
    journal = ""
    for way in ways:
        client = await Client.open(server.ws_url, **way)  # type: ignore[arg-type]
        with suppress(ConnectionClosed):
            await client.send({"type": "ping"})
            await client.receive("pong")
        journal += json.dumps(client.journal)
        await client.close()
    for token in (bad, good):
        client = await Client.open(server.ws_url)
        await client.send({"type": "authenticate", "token": token, "id": "a"})
        with suppress(ConnectionClosed, AssertionError):
            await client.receive("authenticated", timeout=3)
        journal += json.dumps(client.journal)
        await client.close()
    answers = ""
    for method, path, token in [
        ("GET", "/api/v1/auth/me", bad),
        ("GET", f"/api/v1/auth/me?token={good}", good),
        ("GET", f"/ws/nothing?token={good}&ticket={tickets[0]}", staff["access"]),
        ("GET", "/ws/stats", staff["access"]),
        ("GET", "/ws/connections", staff["access"]),
        ("GET", "/readyz", ""),
    ]:
        answer = await asyncio.to_thread(server.request, method, path, token=token or None)
        answers += str(answer)
    refresh = {"refresh": alice["refresh"][:-4] + "AAAA"}
    answers += str(
        await asyncio.to_thread(server.request, "POST", "/api/v1/auth/refresh", json=refresh)
    )
    assert str(ALICE) in journal
    all_secrets = [good, alice["refresh"], staff["access"], staff["refresh"], *tickets]
    return {
        "log": server.log(),
        "messages": journal,
        "answers": answers,
        "secrets": json.dumps(all_secrets),
    }
