"""Lines of the log, for people and for programs."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.core.management import call_command

from hoardrun import logs
from realtime import log_context
from realtime.log_context import Work
from realtime.management import base
from tests.services.work import at_work

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoxfQ.c2lnbmF0dXJl"


def handler(form: str) -> tuple[logging.Logger, io.StringIO]:
    """Make a logger with the root's handler, as the settings describe it."""
    config = logs.config("DEBUG", form)
    described: Any = logging.config.DictConfigurator(config)
    written = io.StringIO()
    made = logging.StreamHandler(written)
    made.setFormatter(described.configure_formatter(config["formatters"][form]))
    for name in config["handlers"]["stderr"]["filters"]:
        made.addFilter(described.configure_filter(config["filters"][name]))
    logger = logging.Logger(f"tests.lines.{form}")
    logger.addHandler(made)
    return logger, written


@pytest.fixture
def as_json() -> tuple[logging.Logger, io.StringIO]:
    return handler("json")


@pytest.fixture
def request_at_work() -> Iterator[Work]:
    with at_work("req-17") as work:
        work.user = 5
        yield work


def line(written: io.StringIO) -> dict[str, Any]:
    [text] = written.getvalue().splitlines()
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_line_has_its_time_level_origin_and_place(as_json: Any) -> None:
    logger, written = as_json
    logger.warning(
        "a %s", "message", extra={"connection_id": "c1", "stream": "user:1", "offset": 0}
    )
    found = line(written)
    moment = datetime.fromisoformat(found["ts"])
    assert found["ts"].endswith("Z") and abs(moment.timestamp() - datetime.now().timestamp()) < 60
    assert (found["level"], found["logger"]) == ("WARNING", "tests.lines.json")
    assert found["event"] == "a message"
    assert found["node"] and found["worker"] >= 0 and found["pid"] > 0
    assert (found["connection_id"], found["stream"], found["offset"]) == ("c1", "user:1", 0)
    assert "request_id" not in found


def test_a_line_of_a_request_has_its_id_in_both_forms(request_at_work: Work) -> None:
    for form in ("json", "line"):
        logger, written = handler(form)
        logger.info("done")
        if form == "json":
            found = line(written)
            assert (found["request_id"], found["user"]) == ("req-17", 5)
        else:
            assert written.getvalue().endswith("INFO tests.lines.line done request=req-17\n")


def test_no_secret_is_written_wherever_it_stands(as_json: Any) -> None:
    logger, written = as_json
    try:
        raise ValueError(f"?token={JWT}")
    except ValueError:
        logger.exception("with Bearer %s", JWT, extra={"path": f"/a?ticket=SECRET&b={JWT}"})
    text = written.getvalue()
    assert "eyJ" not in text and "SECRET" not in text
    found = line(written)
    assert found["event"] == "with Bearer [redacted]"
    assert found["exc"].startswith("Traceback") and "[redacted]" in found["exc"]
    assert found["path"] == "/a?ticket=[redacted]&b=[redacted]"


def test_an_error_of_a_view_shows_no_amount_phone_or_secret(as_json: Any) -> None:
    """A traceback has the code's lines, and never the values of its variables."""
    logger, written = as_json
    values = ("UGX 4815162342", "+256772000001", "k-provider-secret")

    def pay(amount: str, phone: str, api_key: str) -> None:
        body = f"{amount} to {phone}"
        raise RuntimeError(f"the provider refuses {phone}", len(body), len(api_key))

    try:
        pay(*values)
    except RuntimeError:
        logger.exception("a view failed")
    text = written.getvalue()
    assert not [value for value in ("4815162342", "772000001", "k-provider") if value in text]
    assert "the provider refuses [phone]" in line(written)["exc"]


def test_what_a_library_hangs_on_a_record_is_not_written(as_json: Any) -> None:
    logger, written = as_json
    logger.error("x", extra={"request": f"<WSGIRequest {JWT}>", "color_message": "y", "secret": 1})
    assert not {"request", "color_message", "secret"} & line(written).keys()


ODD = ['a "quote"', "two\nlines", "\x00", "ünï", "x" * 20_000]


@pytest.mark.parametrize("message", ODD, ids=["quote", "lines", "null", "letters", "long"])
def test_any_message_is_one_line_of_json(as_json: Any, message: str) -> None:
    logger, written = as_json
    logger.info("%s", message)
    assert line(written)["event"][:5] == message[:5]


def test_half_a_character_is_one_line_of_json(as_json: Any) -> None:
    logger, written = as_json
    logger.info("half %s", chr(0xD800))
    assert line(written)["event"] == r"half \ud800"


def test_the_lines_of_a_command_share_an_id(as_json: Any) -> None:
    logger, written = as_json

    class Says(base.Command):
        def handle(self, **options: Any) -> None:
            logger.warning("said")

    for _ in range(2):
        call_command(Says())
    found = [json.loads(text)["request_id"] for text in written.getvalue().splitlines()]
    assert len(set(found)) == 2
    assert all(each.startswith("test_log_lines-") for each in found)
    assert log_context.work.get() is None
