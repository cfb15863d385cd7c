"""A request is answered in one thread, and leaves nothing behind in it."""

from __future__ import annotations

import http.client
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import get_ident
from typing import Any

import pytest
from django.core.signals import request_finished, request_started

from hoardrun.handler import Handler
from tests.services import web
from tests.services.asgi import talk
from tests.services.postgres import Postgres
from tests.services.server import Server

USER = """
from django.contrib.auth.models import User

User.objects.create_user("alice", password="alice-pass")
"""
STATIC = "/static/realtime/client.js"


async def test_all_of_a_request_is_done_in_one_thread_beside_the_event_loop() -> None:
    threads: list[int] = []

    def note(**_: Any) -> None:
        threads.append(get_ident())

    scope = {"type": "http", "method": "GET", "path": "/healthz", "headers": []}
    for signal in (request_started, request_finished):
        signal.connect(note)
    try:
        request = {"type": "http.request", "body": b"", "more_body": False}
        start, *_ = await talk(Handler(), scope, request)
    finally:
        for signal in (request_started, request_finished):
            signal.disconnect(note)
    assert start["status"] == 200
    assert len(threads) == 2 and len(set(threads)) == 1
    assert threads[0] != get_ident()


@pytest.mark.servers
def test_threads_give_their_connections_back(postgres: Postgres):
    # Fewer connections than threads: one that was kept would leave the others without.
    env = {"DATABASE_URL": postgres.migrated("handler"), "DATABASE_POOL_SIZE": "2"}
    with Server(env=env, prepare=USER) as server, ThreadPoolExecutor(8) as pool:
        token = server.log_in("alice", "alice-pass")["access"]

        def ask(number: int) -> int:
            path = "/api/v1/auth/me" if number % 2 else "/api/v1/accounts"
            return server.request("GET", path, token=token).status

        assert set(pool.map(ask, range(80))) == {200}
        assert "Traceback" not in server.log()


@pytest.mark.servers
def test_static_files_and_clients_that_leave_are_served_as_ever():
    with Server() as server:
        whole = server.request("GET", STATIC)
        assert (whole.status, whole.headers["cache-control"]) == (200, "max-age=60, public")
        assert len(whole.text.encode()) == int(whole.headers["content-length"])
        mark = {"If-None-Match": whole.headers["etag"]}
        assert web.request("GET", server.url + STATIC, headers=mark).status == 304
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("HEAD", STATIC)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
        connection.close()
        for path in (STATIC, "/admin/login/", "/api/v1/accounts"):
            with socket.create_connection(("127.0.0.1", server.port)) as leaver:
                leaver.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert server.request("GET", STATIC).text == whole.text
        assert "Traceback" not in server.log()
