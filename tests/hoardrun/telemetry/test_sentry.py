"""What the log says at ERROR is reported to Sentry, with its request and without a secret."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from hoardrun.logs import RedactCredentials
from hoardrun.telemetry.sentry import ToSentry
from realtime import log_context
from realtime.log_context import Work
from tests.services.collectors import SentryServer, body_of

SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoxfQ.c2lnbmF0dXJl"


@pytest.fixture
def sentry() -> Iterator[SentryServer]:
    with SentryServer() as found:
        yield found


@pytest.fixture
def handler(sentry: SentryServer) -> Iterator[ToSentry]:
    before = sys.excepthook
    made = ToSentry(sentry.dsn)
    made.addFilter(RedactCredentials())
    yield made
    made.close()
    sys.excepthook = before


@pytest.fixture
def logger(handler: ToSentry) -> logging.Logger:
    made = logging.Logger("tested")
    made.addHandler(handler)
    return made


def fail(token: str, amount: int) -> None:
    """Fail with a credential in the text, in a local variable and in an argument."""
    held = f"Bearer {token} of {amount}"
    raise ValueError(f"no login by token {token}, {len(held)} letters")


def test_a_fault_is_reported_with_its_request_and_its_trace(
    logger: logging.Logger, handler: ToSentry, sentry: SentryServer
) -> None:
    trace_id, span_id = "256772123456" * 2 + "a" * 8, "256772123456" + "b" * 4  # as phones have
    place = f"00-{trace_id}-{span_id}-01"
    work = Work("id-1", user=17, route="api/v1/accounts", is_routed=True, traceparent=place)
    token = log_context.work.set(work)
    try:
        fail(SECRET, 123_456_789)
    except ValueError:
        logger.exception("a view failed")
    finally:
        log_context.work.reset(token)
    handler.flush()
    [event] = sentry.events()
    assert (event["level"], event["logger"]) == ("error", "tested")
    assert event["logentry"]["formatted"] == "a view failed"
    assert event["transaction"] == "api/v1/accounts"
    assert event["user"] == {"id": "17"}
    assert event["tags"]["request_id"] == "id-1"
    assert event["contexts"]["trace"] == {"trace_id": trace_id, "span_id": span_id}
    [raised] = event["exception"]["values"]
    assert raised["type"] == "ValueError"
    assert raised["stacktrace"]["frames"][-1]["function"] == "fail"


def broken(request: HttpRequest, number: int) -> HttpResponse:
    raise ValueError("it is broken")


urlpatterns = [path("broken/<int:number>", broken)]


@pytest.mark.urls(__name__)
def test_a_request_that_fails_is_known_by_its_route_and_not_by_its_path(
    handler: ToSentry, sentry: SentryServer, client: Client
) -> None:
    client.raise_request_exception = False
    loggers = logging.getLogger("django.request")
    loggers.addHandler(handler)
    token = log_context.work.set(Work("id-2"))
    try:
        assert client.get("/broken/31415?page=92653").status_code == 500
    finally:
        log_context.work.reset(token)
        loggers.removeHandler(handler)
    handler.flush()
    [event] = sentry.events()
    assert event["transaction"] == "broken/<int:number>"
    assert event["tags"]["request_id"] == "id-2"
    assert event["exception"]["values"][0]["value"] == "it is broken"
    assert "92653" not in json.dumps(event) and "request" not in event


def test_no_credential_and_no_amount_leaves(
    logger: logging.Logger, handler: ToSentry, sentry: SentryServer
) -> None:
    try:
        try:
            fail(SECRET, 123_456_789)
        except ValueError as error:
            raise RuntimeError(f"GET /ws/notifications?ticket={SECRET[3:]}") from error
    except RuntimeError:
        logger.exception("a socket with %s failed", SECRET, extra={"scope": {"token": SECRET}})
    handler.flush()
    [event] = sentry.events()
    assert len(event["exception"]["values"]) == 2
    texts = [each["value"] for each in event["exception"]["values"]]
    assert any("[redacted]" in text for text in texts)
    [sent] = [body_of(asked).decode() for asked in sentry.asked]
    assert "c2lnbmF0dXJl" not in sent
    assert "123456789" not in sent
    assert "vars" not in json.dumps(event["exception"])


def test_a_socket_is_named(logger: logging.Logger, handler: ToSentry, sentry: SentryServer) -> None:
    logger.error("its work failed", extra={"connection_id": "c-17"})
    handler.flush()
    [event] = sentry.events()
    assert event["tags"]["connection_id"] == "c-17"
    assert "request_id" not in event["tags"] and "user" not in event


def test_what_is_said_over_and_over_is_reported_once(
    logger: logging.Logger, handler: ToSentry, sentry: SentryServer
) -> None:
    for number in range(50):
        logger.error("socket %d cannot be written to", number)
    logger.error("and another thing")
    handler.flush()
    told = [event["logentry"]["formatted"] for event in sentry.events()]
    assert told == ["socket 0 cannot be written to", "and another thing"]


def test_a_warning_is_no_report(
    logger: logging.Logger, handler: ToSentry, sentry: SentryServer
) -> None:
    logger.warning("the database is away")
    handler.flush()
    assert sentry.events() == []


def test_what_ends_a_process_is_reported_and_printed(
    handler: ToSentry, sentry: SentryServer, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        fail(SECRET, 1)
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    handler.flush()
    [event] = sentry.events()
    assert (event["level"], event["exception"]["values"][0]["type"]) == ("fatal", "ValueError")
    assert SECRET not in json.dumps(event)
    assert "ValueError" in capsys.readouterr().err


def test_a_sentry_that_is_away_costs_only_the_report(
    logger: logging.Logger, handler: ToSentry, sentry: SentryServer
) -> None:
    sentry.then("broken")
    logger.error("nobody hears it")
    handler.flush()
    assert len(sentry.events()) == 1
