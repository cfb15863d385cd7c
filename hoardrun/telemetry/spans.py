"""Spans of HTTP requests, and of their statements in the database, by OpenTelemetry.

A request has one span, from its first line to the end of its answer. Sockets have none: it would
last as long as they do. A span has the attributes that are set here and no others: paths, queries
and headers hold credentials, and parameters of statements are what users entered.

The span is found by `Work.span`, not by a context variable of the library: work of a request
changes threads, and tasks that it leaves behind must not belong to it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connections
from django.db.backends.signals import connection_created
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from hoardrun import __version__
from realtime import log_context
from realtime.log_context import Work

CLOSE_SECONDS = 5.0  # longest wait, at the end of a process, for spans to be taken
MAX_STATEMENT = 2048  # characters of SQL in a span
_FORM = TraceContextTextMapPropagator()


class Spans:
    """Makes spans, and sends them from a thread of its own, in batches; what waits is bounded.

    Sampling, headers and batches are those of the OTEL_* variables, which the library reads.
    """

    def __init__(self, endpoint: str, *, service: str, excluded: Sequence[str] = ()) -> None:
        about = Resource.create({"service.name": service, "service.version": __version__})
        self._provider = TracerProvider(resource=about, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("hoardrun", __version__)
        self._excluded = re.compile("|".join(f"(?:{each})" for each in excluded) or r"(?!)")
        connection_created.connect(self._listen)
        for connection in connections.all(initialized_only=True):
            self._listen(connection=connection)

    def close(self) -> None:
        """Send what waits, for CLOSE_SECONDS at most, and make no more spans."""
        connection_created.disconnect(self._listen)
        for connection in connections.all(initialized_only=True):
            if self._run in connection.execute_wrappers:
                connection.execute_wrappers.remove(self._run)
        # The library would wait six times as long for a collector that is away.
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)

    # -- requests

    def begin(self, scope: Any, work: Work) -> None:
        """Begin the span of a request, which `work` then has, with its `traceparent`."""
        if self._excluded.search(scope["path"]):
            return
        method = str(scope["method"])
        span = self._tracer.start_span(
            method,
            context=_FORM.extract({"traceparent": work.traceparent}),
            kind=SpanKind.SERVER,
            attributes={
                "http.request.method": method,
                "url.scheme": str(scope.get("scheme", "http")),
                "hoardrun.request_id": work.request_id,
            },
        )
        work.span = span
        carrier: dict[str, str] = {}
        _FORM.inject(carrier, trace.set_span_in_context(span))
        work.traceparent = carrier["traceparent"]

    def end(self, work: Work, method: str, route: str, status: int) -> None:
        """End the span of a request; status 0 is a client that left before the answer."""
        span: Span | None = work.span
        if span is None:
            return
        if route:
            span.update_name(f"{method} {route}")
            span.set_attribute("http.route", route)
        if status:
            span.set_attribute("http.response.status_code", status)
        if status >= 500 or not status:
            span.set_status(Status(StatusCode.ERROR, "" if status else "no answer"))
        span.end()

    # -- statements

    def _listen(self, *, connection: Any, **_: Any) -> None:
        """Have the statements of a connection run by `_run`; a pool's connections change below."""
        if self._run not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._run)

    def _run(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        work = log_context.work.get()
        if work is None or work.span is None or not work.span.is_recording():
            return execute(sql, params, many, context)
        span = self._tracer.start_span(
            sql.split(None, 1)[0].upper(),
            context=trace.set_span_in_context(work.span),
            kind=SpanKind.CLIENT,
            attributes={
                "db.system.name": context["connection"].vendor,
                "db.query.text": sql[:MAX_STATEMENT],
            },
        )
        try:
            return execute(sql, params, many, context)
        except Exception as error:
            # Its text may hold values.
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            span.end()
