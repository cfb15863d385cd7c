"""Every list that comes in pages says in one way where the next page is, and how many rows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from hoardrun.ledger.services import account_open
from tests.clients import api_as
from tests.hoardrun.ledger.conftest import create
from tests.hoardrun.tools import problem
from tests.notifications.support import note

LISTS = ["/api/v1/transactions", "/api/v1/notifications"]


@pytest.fixture
def client(alice: User) -> APIClient:
    """Alice, with seven rows in each list."""
    account = account_open(user_id=alice.pk, currency="KES", opening_balance="100")
    for _ in range(7):
        create(account, "1")
        note(alice)
    return api_as(alice)


def next_of(answer: Any) -> str | None:
    found = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
    return found[1] if found else None


@pytest.mark.parametrize("query", ["?limit=3", "?page_size=3"])
@pytest.mark.parametrize("path", LISTS)
def test_links_lead_through_all_rows(client: APIClient, path: str, query: str):
    seen: list[str] = []
    address: str | None = path + query
    while address:
        answer = client.get(address)
        data = answer.json()
        rows = data if isinstance(data, list) else data["results"]
        assert 0 < len(rows) <= 3
        seen += [row["id"] for row in rows]
        address = next_of(answer)
        if isinstance(data, dict):
            assert data["next"] == address
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize("query", ["?total=true", "?page_size=3&total=true", "?skip=5&total=1"])
@pytest.mark.parametrize("path", LISTS)
def test_the_total_is_counted_when_it_is_asked_for(client: APIClient, path: str, query: str):
    assert client.get(path + query)["X-Total-Count"] == "7"
    assert "X-Total-Count" not in client.get(path)
    problem(client.get(path, {"total": "maybe"}), 400, "invalid_input")


@pytest.mark.parametrize("query", ["limit=3", "page_size=3"])
def test_the_total_is_counted_once_and_not_with_every_page(client: APIClient, query: str):
    first = client.get(f"/api/v1/transactions?{query}&total=true&direction=outbound")
    assert first["X-Total-Count"] == "7"
    second = client.get(next_of(first) or "")
    assert (second.status_code, len(second.json())) == (200, 3)
    assert "X-Total-Count" not in second
    page = second.json()
    addresses = [next_of(second), *([page["previous"]] if isinstance(page, dict) else [])]
    for address in addresses:
        assert address and "total" not in address and "direction=outbound" in address
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_cursor_is_the_first_page(client: APIClient, path: str):
    page = client.get(f"{path}?cursor=").json()
    assert page == client.get(f"{path}?page_size=50").json()
    assert (len(page["results"]), page["next"], page["previous"]) == (7, None, None)


@pytest.mark.parametrize("way", ["cursor=", "page_size=3", "page_size=3&cursor="])
@pytest.mark.parametrize("other", ["skip", "limit"])
@pytest.mark.parametrize("path", LISTS)
def test_the_two_ways_to_page_are_not_mixed(client: APIClient, path: str, way: str, other: str):
    problem(client.get(f"{path}?{way}&{other}=1"), 400, "invalid_input", other)
    assert client.get(f"{path}?{way}&{other}=").status_code == 200  # it was left out


@pytest.mark.parametrize("name", ["skip", "limit", "page_size"])
@pytest.mark.parametrize("text", ["1_0", "2.0", "٢", "²", "+2", " 2", "2e0", "0x2", "9" * 19])
def test_numbers_are_plain_digits(client: APIClient, name: str, text: str):
    problem(client.get(LISTS[0], {name: text}), 400, "invalid_input", name)


def test_the_total_is_that_of_the_filter(client: APIClient):
    answer = client.get("/api/v1/transactions", {"total": "true", "status": "completed"})
    assert (answer.json(), answer["X-Total-Count"]) == ([], "0")


def test_a_list_without_more_has_no_link(client: APIClient):
    assert next_of(client.get("/api/v1/transactions?limit=7")) is None
    assert next_of(client.get("/api/v1/transactions?limit=6")) is not None


def test_pages_of_other_origins_may_read_them(client: APIClient, settings: Any):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
    answer = client.get(
        "/api/v1/transactions?limit=3&total=true", headers={"Origin": "https://app.example.com"}
    )
    exposed = answer["Access-Control-Expose-Headers"]
    assert {"Link", "X-Total-Count", "X-Request-ID"} <= set(exposed.split(", "))


def test_the_document_describes_both(client: APIClient):
    schema = client.get("/api/schema?format=json").json()
    for path in (*LISTS, "/ws/broadcast/waiting"):
        operation = schema["paths"][path]["get"]
        assert "total" in {parameter["name"] for parameter in operation["parameters"]}
        assert {"Link", "X-Total-Count"} <= operation["responses"]["200"]["headers"].keys()
