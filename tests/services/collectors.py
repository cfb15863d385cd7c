"""Stand-ins of what telemetry is sent to, which speak the true protocols: OTLP, and Sentry's.

Each keeps what it was sent, whole; a library that sent anything else would fail here.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from hoardrun.demo.providers.http import Asked, Fake, Told


def body_of(asked: Asked) -> bytes:
    """Return the body of a request, unpacked."""
    if asked.headers.get("content-encoding") == "gzip":
        return gzip.decompress(asked.body)
    return asked.body


def attributes(span: Span) -> dict[str, Any]:
    """Return the attributes of a span."""
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes
    }


class OtlpCollector(Fake):
    """A collector of OpenTelemetry: OTLP over HTTP, in protobuf."""

    def answer(self, asked: Asked) -> Told:
        is_spans = asked.path == "/v1/traces"
        is_protobuf = asked.headers["content-type"] == "application/x-protobuf"
        return Told(200 if is_spans and is_protobuf else 400)

    def requests(self) -> Iterator[ExportTraceServiceRequest]:
        """Read all that was sent; raise what is wrong with it."""
        for asked in list(self.asked):
            found = ExportTraceServiceRequest()
            found.ParseFromString(body_of(asked))
            yield found

    def spans(self) -> list[Span]:
        return [
            span
            for request in self.requests()
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class SentryServer(Fake):
    """Sentry's endpoint of envelopes, for project 1 and the key `key`."""

    @property
    def dsn(self) -> str:
        return f"{self.url.replace('://', '://key@')}/1"

    def answer(self, asked: Asked) -> Told:
        is_known = "sentry_key=key" in asked.headers.get("x-sentry-auth", "")
        return Told(200 if asked.path == "/api/1/envelope/" and is_known else 401, b"{}")

    def events(self) -> list[dict[str, Any]]:
        """Read the events of all envelopes; raise what is wrong with one."""
        found = []
        for asked in list(self.asked):
            rest = body_of(asked)
            _, _, rest = rest.partition(b"\n")  # what the envelope itself says
            while rest:
                head, _, rest = rest.partition(b"\n")
                item = json.loads(head)
                length = item["length"]
                if item["type"] == "event":
                    found.append(json.loads(rest[:length]))
                rest = rest[length:].removeprefix(b"\n")
        return found
