"""A real node that is traced and whose errors are reported: requests are, sockets are not."""

from __future__ import annotations

import asyncio

import pytest

from tests.nodes import STAFF, USERS, connect, token_for
from tests.services.collectors import OtlpCollector, SentryServer, attributes, body_of
from tests.services.ports import wait_until
from tests.services.server import Server

pytestmark = pytest.mark.operation

# What says who may join a room is gone: an error that nobody has thought of.
BREAK = """
from django.db import connection
connection.cursor().execute("ALTER TABLE auth_user_user_permissions RENAME TO elsewhere")
"""
ORIGIN = """
from realtime.models import Event
print(*Event.objects.values_list("request_id", "traceparent").get(type="echo"))
"""


@pytest.mark.operated(number=10)
@pytest.mark.operated(number=25)
async def test_requests_are_traced_and_errors_of_sockets_reported_without_a_token() -> None:
    with OtlpCollector() as collector, SentryServer() as sentry:
        env = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "SENTRY_DSN": sentry.dsn,
        }
        token = token_for(STAFF)
        with Server(env=env, prepare=USERS) as server:
            client = await connect(server, token)
            echoed = await asyncio.to_thread(
                server.request, "POST", "/api/v1/echo", json={"text": "hello"}, token=token
            )
            await client.receive("echo")
            request_id, traceparent = (await asyncio.to_thread(server.shell, ORIGIN)).split()
            await asyncio.to_thread(server.shell, BREAK)
            await client.send({"type": "join_room", "room": "nodes"})
            await asyncio.to_thread(
                wait_until,
                lambda: bool(sentry.events()),
                seconds=30,
                what="the error of the socket is reported",
            )
            await client.close()
            await asyncio.to_thread(server.stop)
    assert request_id == echoed.headers["x-request-id"]
    spans = collector.spans()
    requests = [span for span in spans if "http.request.method" in attributes(span)]
    # Not the socket, which was open all the time, and not the probes of the start.
    assert [span.name for span in requests] == ["POST api/v1/echo"]
    [request] = requests
    assert attributes(request)["hoardrun.request_id"] == request_id
    assert traceparent.split("-")[1:3] == [request.trace_id.hex(), request.span_id.hex()]
    statements = [span for span in spans if span is not request]
    assert statements and {span.parent_span_id for span in statements} == {request.span_id}
    # No span outlasts its request, for which the node has a line.
    assert all(span.end_time_unix_nano <= request.end_time_unix_nano for span in statements)
    [event] = sentry.events()
    assert event["exception"]["values"][-1]["type"] == "OperationalError"
    assert event["tags"]["connection_id"]
    for asked in collector.asked + sentry.asked:
        assert b"eyJ" not in body_of(asked) and token.encode() not in body_of(asked)
