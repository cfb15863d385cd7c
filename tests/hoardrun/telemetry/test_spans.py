"""A request and its statements are spans; nothing else is, and no span holds a secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from hoardrun.requests import account
from hoardrun.telemetry.spans import Spans
from realtime import log_context
from realtime.log_context import Work
from tests.services.collectors import OtlpCollector, attributes

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = (b"traceparent", f"00-{TRACE}-{PARENT}-01".encode())
SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoxfQ.c2lnbmF0dXJl"


@pytest.fixture
def collector() -> Iterator[OtlpCollector]:
    with OtlpCollector() as found:
        yield found


def nothing() -> None:
    """Do no more than answer."""


async def ask(
    spans: Spans, path: str, *headers: Any, status: int = 200, work: Any = nothing
) -> Any:
    """Have a request accounted for whose view does `work`; return its `Work`."""
    found: list[Any] = []

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        found.append(log_context.work.get())
        work()
        await send({"type": "http.response.start", "status": status})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None: ...

    scope = {"type": "http", "method": "GET", "path": path, "headers": list(headers)}
    scope |= {"query_string": f"token={SECRET}".encode()}
    await account(scope, None, send, answer, spans)
    return found[0]


def serving(collector: OtlpCollector) -> Spans:
    return Spans(collector.url, service="tested", excluded=("healthz", "^/metrics$"))


async def test_a_request_is_one_span_with_its_route_in_the_trace_of_its_caller(
    collector: OtlpCollector,
) -> None:
    spans = serving(collector)
    work = await ask(spans, "/api/v1/notifications", GIVEN)
    spans.close()
    [span] = collector.spans()
    assert (span.name, span.kind) == ("GET api/v1/notifications", Span.SPAN_KIND_SERVER)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    assert attributes(span) == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "hoardrun.request_id": work.request_id,
        "http.route": "api/v1/notifications",
        "http.response.status_code": 200,
    }
    # What it publishes keeps the span, and not that of its caller.
    assert work.traceparent == f"00-{TRACE}-{span.span_id.hex()}-01"
    [request] = collector.requests()
    about = request.resource_spans[0].resource
    assert {each.key: each.value.string_value for each in about.attributes}["service.name"] == (
        "tested"
    )


async def test_neither_path_nor_query_leaves(collector: OtlpCollector) -> None:
    spans = serving(collector)
    await ask(spans, f"/hooks/e1/{SECRET}", (b"authorization", f"Bearer {SECRET}".encode()))
    await ask(spans, f"/no/{SECRET}", status=404)
    spans.close()
    assert [span.name for span in collector.spans()][-1:] == ["GET"]
    assert len(collector.spans()) == 2
    assert not any(SECRET.encode() in asked.body for asked in collector.asked)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (200, Status.STATUS_CODE_UNSET),
        (404, Status.STATUS_CODE_UNSET),
        (500, Status.STATUS_CODE_ERROR),
    ],
)
async def test_only_a_fault_of_ours_is_an_error(
    collector: OtlpCollector, status: int, code: int
) -> None:
    spans = serving(collector)
    await ask(spans, "/api/v1/notifications", status=status)
    spans.close()
    [span] = collector.spans()
    assert span.status.code == code


async def test_a_request_that_is_never_answered_ends_its_span(collector: OtlpCollector) -> None:
    spans = serving(collector)

    def fail() -> None:
        raise ZeroDivisionError(SECRET)

    with pytest.raises(ZeroDivisionError):
        await ask(spans, "/api/v1/notifications", work=fail)
    spans.close()
    [span] = collector.spans()
    assert (span.status.code, span.status.message) == (Status.STATUS_CODE_ERROR, "no answer")
    assert SECRET.encode() not in collector.asked[0].body


async def test_probes_have_no_span_and_keep_the_trace_that_they_bring(
    collector: OtlpCollector,
) -> None:
    spans = serving(collector)
    assert (await ask(spans, "/healthz", GIVEN)).traceparent == GIVEN[1].decode()
    assert (await ask(spans, "/metrics")).span is None
    spans.close()
    assert collector.spans() == []


@pytest.mark.operated(number=24)
@pytest.mark.django_db
def test_a_statement_is_a_span_below_its_request_without_its_values(
    collector: OtlpCollector,
) -> None:
    spans = serving(collector)

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM realtime_stream WHERE name = %s", [SECRET])

    asked = ask_here(spans, work)
    work()  # outside of a request
    with at_work(asked):  # what it has left behind
        work()
    spans.close()
    inner, outer = sorted(collector.spans(), key=lambda span: span.kind, reverse=True)
    assert (inner.name, inner.kind) == ("SELECT", Span.SPAN_KIND_CLIENT)
    assert inner.parent_span_id == outer.span_id and inner.trace_id == outer.trace_id
    assert attributes(inner) == {
        "db.system.name": connection.vendor,
        "db.query.text": "SELECT name FROM realtime_stream WHERE name = %s",
    }
    assert not any(SECRET.encode() in asked.body for asked in collector.asked)
    assert not connection.execute_wrappers


@contextmanager
def at_work(given: Work) -> Iterator[None]:
    """Be at work for a request, or a task that one has left behind."""
    token = log_context.work.set(given)
    try:
        yield
    finally:
        log_context.work.reset(token)


def ask_here(spans: Spans, work: Any) -> Work:
    """Do the work of a request where the connection of the test is, as a view does."""
    given = Work("id-1")
    spans.begin({"type": "http", "method": "GET", "path": "/api/v1/notifications"}, given)
    with at_work(given):
        work()
    spans.end(given, "GET", "", 200)
    return given


@pytest.mark.django_db
def test_a_statement_that_fails_says_how_and_not_with_what(collector: OtlpCollector) -> None:
    spans = serving(collector)

    def work() -> None:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT %s FROM no_such_table", ["what a user entered"])

    ask_here(spans, work)
    spans.close()
    failed = [span for span in collector.spans() if span.status.code == Status.STATUS_CODE_ERROR]
    assert [span.name for span in failed] == ["SELECT"]
    assert failed[0].status.message in {"OperationalError", "ProgrammingError"}
    assert not any(b"what a user entered" in asked.body for asked in collector.asked)
