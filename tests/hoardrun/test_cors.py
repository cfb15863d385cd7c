"""Pages of another origin may send and read what the API's own pages can."""

from __future__ import annotations

import pytest
from django.test import Client

ORIGIN = "https://app.example.com"
PATH = "/api/v1/transactions"


@pytest.fixture(autouse=True)
def _a_front_end(settings):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]


def _listed(text: str) -> set[str]:
    return {name.strip().lower() for name in text.split(",")}


def test_a_page_of_another_origin_may_send_an_idempotency_key():
    answer = Client().options(
        PATH,
        HTTP_ORIGIN=ORIGIN,
        HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST",
        HTTP_ACCESS_CONTROL_REQUEST_HEADERS="authorization,content-type,idempotency-key",
    )
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    allowed = _listed(answer["Access-Control-Allow-Headers"])
    assert {"authorization", "content-type", "idempotency-key", "if-none-match"} <= allowed


def test_a_page_of_another_origin_may_read_when_to_come_back(db):
    answer = Client().get(PATH, HTTP_ORIGIN=ORIGIN)
    exposed = _listed(answer["Access-Control-Expose-Headers"])
    assert {"retry-after", "idempotent-replayed", "etag", "www-authenticate"} <= exposed


@pytest.mark.parametrize(
    "origin", ["capacitor://localhost", "tauri://localhost", "chrome-extension://abcdefghijklmnop"]
)
def test_an_app_may_call_the_api_if_its_origin_is_listed(settings, db, origin: str):
    def allowed(sent: str) -> str | None:
        value: str | None = Client().get(PATH, HTTP_ORIGIN=sent).get("Access-Control-Allow-Origin")
        return value

    assert allowed(origin) is None
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN, origin]
    assert allowed(origin) == origin
    assert allowed(ORIGIN) == ORIGIN


@pytest.mark.parametrize(
    "sent",
    ["https://app.example.com/", "HTTPS://app.example.com", "https://app.\texample.com", "null"],
)
def test_an_origin_is_compared_byte_by_byte(db, sent: str):
    assert "Access-Control-Allow-Origin" not in Client().get(PATH, HTTP_ORIGIN=sent)
