"""The page at `/ws/test`: who gets it, and what its policy lets run."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from realtime.protocol.commands import COMMAND_TYPES

LOGINS = [{"username": "alice", "name": "Alice </script>", "password": "alice-pass"}]


@pytest.fixture(autouse=True)
def _switched_on(settings: Any) -> None:
    settings.CONSOLE_ENABLED = True


@pytest.fixture
def page(client: Client) -> Any:
    return client.get("/ws/test")


def directives(response: Any) -> dict[str, list[str]]:
    words = [part.split() for part in response["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in words}


def test_it_is_not_found_where_it_is_off(client: Client, settings: Any) -> None:
    settings.CONSOLE_ENABLED = False
    assert client.get("/ws/test").status_code == 404


def test_it_lets_nothing_run_but_what_carries_the_nonce_of_this_answer(
    client: Client, page: Any
) -> None:
    policy = directives(page)
    assert policy["default-src"] == ["'none'"]
    [source] = policy["script-src"]
    assert policy["style-src"] == [source]
    nonce = source.removeprefix("'nonce-").removesuffix("'")
    html = page.content.decode()
    running = re.findall(
        r"<(?:script|link rel=\"stylesheet\")(?![^>]*application/json)[^>]*>", html
    )
    assert len(running) > 2
    assert all(f'nonce="{nonce}"' in tag for tag in running)
    assert directives(client.get("/ws/test"))["script-src"] != [source]


def test_it_may_talk_to_its_own_host_only(client: Client) -> None:
    policy = directives(client.get("/ws/test", HTTP_HOST="localhost:8000"))
    assert policy["connect-src"] == ["'self'", "ws://localhost:8000", "wss://localhost:8000"]
    assert directives(client.get("/ws/test", HTTP_HOST="[::1]:8000"))["connect-src"] == ["'self'"]


def test_it_may_not_be_framed_nor_kept(page: Any) -> None:
    assert directives(page)["frame-ancestors"] == ["'none'"]
    assert "no-store" in page["Cache-Control"]


def test_it_loads_nothing_from_elsewhere(page: Any) -> None:
    addresses = re.findall(r'(?:src|href)="([^"#][^"]*)"', page.content.decode())
    assert addresses
    for address in addresses:
        assert address.startswith("/static/")
        assert finders.find(address.removeprefix("/static/")), f"{address} does not exist"


def test_it_offers_a_form_for_every_command(page: Any) -> None:
    for command in COMMAND_TYPES:
        assert f'"type": "{command}"' in page.content.decode()


def test_it_tells_demo_passwords_in_debug_only(client: Client, settings: Any) -> None:
    settings.DEMO_LOGINS = LOGINS
    settings.DEBUG = False
    assert b"alice-pass" not in client.get("/ws/test").content
    settings.DEBUG = True
    assert b"alice-pass" in client.get("/ws/test").content


def test_it_keeps_markup_in_a_name_out_of_the_page(client: Client, settings: Any) -> None:
    settings.DEMO_LOGINS = LOGINS
    settings.DEBUG = True
    assert b"Alice </script>" not in client.get("/ws/test").content
