"""The log holds no credential, and an outage of Redis is a line and no page."""

from __future__ import annotations

import io
import logging
import time
import timeit
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from psycopg_pool import PoolTimeout

from hoardrun import logs
from hoardrun.logs import MAX_MESSAGE, OneLineOutages, RedactCredentials, SaidOnce, redact

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoxfQ.c2lnbmF0dXJl"


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


def logger(written: io.StringIO, name: str) -> logging.Logger:
    """Make a logger that is set up as the settings set up the root."""
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    for kind in (OneLineOutages, RedactCredentials):
        handler.addFilter(kind())
    made = logging.Logger(name)
    made.addHandler(handler)
    return made


def log_exception(written: io.StringIO, name: str, error: Exception, text: str = "failed") -> None:
    """Log an exception as the code that catches it does."""
    try:
        raise error
    except type(error):
        logger(written, name).exception(text)


@pytest.mark.parametrize(
    "text",
    [
        f"GET /ws/notifications?token={JWT} 101",
        f"Authorization: Bearer {JWT}",
        f"subprotocols ['hoardrun.v1', 'bearer.{JWT}']",
        "GET /ws/notifications?device=a&ticket=SECRET HTTP/1.1",
        f"what came was {JWT}",
    ],
)
def test_no_credential_is_written(written: io.StringIO, text: str) -> None:
    logger(written, "uvicorn.error").warning("%s", text)
    assert "[redacted]" in written.getvalue()
    assert "SECRET" not in written.getvalue()
    assert "eyJ" not in written.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the mailbox amina.k+x@mail.example.org refuses", "the mailbox [e-mail] refuses"),
        ("to +256772000001: 21211", "to [phone]: 21211"),
        ('{"msisdn": "254712345678"}', '{"msisdn": "[phone]"}'),
        ("payment 4a2f0000-256772000001-a", "payment 4a2f0000-256772000001-a"),
        ("12:00:00+00:00, 1764503999123 ms", "12:00:00+00:00, 1764503999123 ms"),
    ],
    ids=["e-mail", "international", "national", "id", "moment"],
)
def test_no_address_of_a_person_is_written(text: str, shown: str) -> None:
    assert redact(text) == shown


KEY = "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG\\nAQEFAASCBKcwggSj\\n-----END"


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_settings", None)
    logs.hide(
        [
            "AC-provider-key-17",
            "redis://:Red1sSecret@cache:6379/0,redis://:Other%2FOne9@cache:6380/0",
            f'{{"type": "service_account", "private_key": "{KEY}", "client_email": "x"}}',
            "first-of-two-keys, second-of-two-keys",
            "short",
        ]
    )


@pytest.mark.usefixtures("hidden")
@pytest.mark.parametrize(
    "text",
    [
        "401 for key 'AC-provider-key-17'",
        "AUTH Red1sSecret failed",
        "redis://:Other%2FOne9@cache:6380/0 or Other/One9",
        "no such key: MIIEvQIBADANBgkqhkiG / AQEFAASCBKcwggSj",
        "second-of-two-keys",
    ],
)
def test_no_secret_of_the_settings_is_written_wherever_it_stands(text: str) -> None:
    shown = redact(text)
    assert "[redacted]" in shown
    for secret in ("AC-prov", "Red1s", "One9", "MIIEv", "AQEFAA", "second-of"):
        assert secret not in shown


@pytest.mark.usefixtures("hidden")
def test_what_is_no_secret_stays() -> None:
    text = "short PRIVATE KEY of a service_account at cache:6379"
    assert redact(text) == text


def test_no_credential_is_written_with_a_traceback(written: io.StringIO) -> None:
    log_exception(written, "realtime.hub.hub", ValueError(f"token={JWT}"))
    assert "Traceback" in written.getvalue()
    assert "eyJ" not in written.getvalue()


def test_a_lost_redis_is_one_line(written: io.StringIO) -> None:
    lost = redis.ConnectionError("Connection closed by server.")
    log_exception(written, "channels_redis.pubsub", lost, "Unexpected exception in receive task")
    [line] = written.getvalue().splitlines()
    assert line.startswith("WARNING Unexpected exception in receive task: ConnectionError: ")


def test_an_exception_of_ours_keeps_its_traceback(written: io.StringIO) -> None:
    log_exception(written, "realtime.hub.hub", redis.ConnectionError("gone"))
    assert "Traceback" in written.getvalue()


def test_a_lost_postgresql_is_one_line_until_it_says_something_else(written: io.StringIO) -> None:
    pool = logger(written, "psycopg.pool")
    for reason in ("refused\n\tIs it running?", "refused\n\tIs it running?", "timed out"):
        pool.warning("error connecting in %r: %s", "pool-1", reason)
    assert written.getvalue().splitlines() == [
        "WARNING error connecting in 'pool-1': refused Is it running?",
        "WARNING error connecting in 'pool-1': timed out",
    ]


PIECES = [
    *("eyJ", "eyJ-", "eyJa.b", "bearer", "Bearer ", "authorization: "),
    *("authorization:\tbearer \t", "&token=", "?ticket=a&", " ", "a"),
    *("a@", "a@b.", "@", "+256", "256772000001", "a.b-c@d-e."),
]


@pytest.mark.parametrize("piece", PIECES)
def test_redacting_takes_time_in_proportion_to_the_text(piece: str) -> None:
    short, long = piece * (10_000 // len(piece)), piece * (100_000 // len(piece))
    # Quadratic work makes it a hundred times as long; compared within one run, best of several.
    assert best_time(long) < 40 * best_time(short) + 0.001


def best_time(text: str) -> float:
    return min(timeit.repeat(lambda: redact(text), timer=time.thread_time, number=1))


def test_a_long_message_is_cut_before_it_is_searched(written: io.StringIO) -> None:
    logger(written, "django").warning("Invalid HTTP_HOST header: %r", "x." * 100_000)
    assert len(written.getvalue()) < MAX_MESSAGE + 100
    assert "more characters]" in written.getvalue()


@pytest.mark.parametrize("shown", range(0, 60, 3))
def test_a_token_at_the_cut_is_not_written(written: io.StringIO, shown: int) -> None:
    logger(written, "django").warning("%s", "x " * ((MAX_MESSAGE - shown) // 2) + JWT)
    assert JWT[: len("eyJ") + 5] not in written.getvalue()  # a shorter piece tells nothing


def test_a_long_traceback_is_cut_in_the_middle_and_shows_no_part_of_a_token(
    written: io.StringIO,
) -> None:
    for fill in range(0, len(JWT) * 2, 7):
        error = ValueError("x" * fill + f" token {JWT} " * 1000 + "\nthe end")
        log_exception(written, "realtime.hub.hub", error)
        assert "c2lnbmF0dXJl" not in written.getvalue()
    assert "Traceback" in written.getvalue()
    assert "characters left out]\nthe end" in written.getvalue()


def test_a_request_that_waited_for_a_connection_in_vain_is_one_line(written: io.StringIO) -> None:
    for cause in (PoolTimeout("no connection after 5.00 sec"), ValueError("another")):
        error = OperationalError(str(cause))
        error.__cause__ = cause
        log_exception(written, "hoardrun.api.problems", error, "no database")
    lines = written.getvalue().splitlines()
    assert lines[0] == "ERROR no database: no connection after 5.00 sec"
    assert lines[1] == "ERROR no database"
    assert any(line.startswith("Traceback") for line in lines[2:])


@pytest.fixture
def root(written: io.StringIO) -> Iterator[io.StringIO]:
    """The output of the root's handler, with the filter that the settings give it."""
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    handler.addFilter(SaidOnce())
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def test_a_fault_of_a_client_is_logged_as_a_warning_in_one_line(
    support: Client, root: io.StringIO, settings: Any
) -> None:
    for asked in ("/admin/auth/user/?status=pending", "/admin/ledger/transaction/?a__b=1"):
        assert support.get(asked).status_code == 400
    settings.ALLOWED_HOSTS = ["example.com"]
    assert support.get("/admin/").status_code == 400
    lines = root.getvalue().splitlines()
    kinds = ("DisallowedModelAdminLookup", "DisallowedModelAdminLookup", "DisallowedHost")
    assert [line.split()[:2] for line in lines] == [
        ["WARNING", f"django.security.{kind}"] for kind in kinds
    ]


def answers(request: HttpRequest, status: int) -> HttpResponse:
    return HttpResponse(status=status)


def fails(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a fault")


urlpatterns = [path("answers/<int:status>", answers), path("fails", fails)]


def test_an_answer_that_we_chose_is_no_error_and_a_fault_is(
    root: io.StringIO, settings: Any, db: None
) -> None:
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False)
    for status in (400, 404, 429, 503):
        client.get(f"/answers/{status}")
    assert root.getvalue() == ""
    client.get("/fails")
    assert root.getvalue().startswith("ERROR django.request")
    assert "RuntimeError: a fault" in root.getvalue()


def test_a_handshake_that_is_refused_is_no_error_on_stock_uvicorn(root: io.StringIO) -> None:
    uvicorn = logging.getLogger("uvicorn.error")
    uvicorn.error("ASGI callable returned without completing handshake.")
    uvicorn.error("Exception in ASGI application")
    levels = [line.partition(" ")[0] for line in root.getvalue().splitlines()]
    assert levels == ["INFO", "ERROR"]
