"""The page at `/ws/test`: which users get it, and what its policy allows to run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import msgspec
import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client

from realtime.console import extras
from realtime.console import forms as console_forms
from realtime.console.forms import StaffForm, commands, register, staff_forms
from realtime.protocol.commands import COMMAND_TYPES
from tests.nodes import token_for

PASSWORD = "a pass of theirs"
LOGINS = [{"username": "alice", "name": "Alice </script>", "password": "alice-pass"}]


@pytest.fixture(autouse=True)
def _development(settings: Any) -> None:
    settings.DEBUG = True


@pytest.fixture
def production(settings: Any) -> Any:
    settings.DEBUG = False
    return settings


def somebody(name: str, *, is_staff: bool = False) -> User:
    return User.objects.create_user(name, password=PASSWORD, is_staff=is_staff)


@pytest.fixture
def staff(client: Client, db: None) -> User:
    """A member of staff, logged in with the client."""
    user = somebody("staff", is_staff=True)
    client.force_login(user)
    return user


@pytest.fixture
def page(client: Client) -> Any:
    return client.get("/ws/test")


def directives(response: Any) -> dict[str, list[str]]:
    words = [part.split() for part in response["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in words}


def test_choices_keep_their_declared_order() -> None:
    forms = {form["type"]: form["fields"] for form in commands()}
    assert forms["join_room"]["rate"]["enum"] == ["realtime", "1s", "5s"]


def test_an_app_registers_a_form_for_staff(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    class Greeting(msgspec.Struct):
        text: str
        sent_at: str = ""
        secret: str = ""

    monkeypatch.setattr(console_forms, "_staff_forms", {})
    target = {"user_id": {"type": "integer"}}
    form = StaffForm(
        "greeting", "/greet", "club.greet", Greeting, "Greets.", target, ("user_id",), {"secret"}
    )
    register(form)
    [found] = staff_forms()
    assert found == {
        "type": "greeting",
        "about": "Greets.",
        "path": "/greet",
        "right": "club.greet",
        "required": ["user_id", "text"],
        "fields": target
        | {
            "text": {"type": "string"},
            "sent_at": {"type": "string", "default": "", "format": "date-time"},
        },
    }
    assert '"path": "/greet"' in client.get("/ws/test").content.decode()


def test_staff_that_is_logged_in_to_the_admin_gets_it(
    production: Any, client: Client, staff: User
) -> None:
    page = client.get("/ws/test")
    assert page.status_code == 200
    assert directives(page)["default-src"] == ["'none'"]


def test_an_anonymous_visitor_logs_in_to_the_admin_and_returns(
    production: Any, client: Client, db: None
) -> None:
    somebody("staff", is_staff=True)
    led = client.get("/ws/test?a=b")
    assert led.status_code == 302
    assert "no-store" in led["Cache-Control"]
    back = client.post(
        led["Location"],
        {"username": "staff", "password": PASSWORD, "next": "/ws/test?a=b"},
    )
    assert (back.status_code, back["Location"]) == (302, "/ws/test?a=b")
    assert client.get(back["Location"]).status_code == 200
    assert led["Location"] == "/admin/login/?next=/ws/test%3Fa%3Db"


@pytest.mark.parametrize(
    ("rights", "status"), [({"is_staff": False}, 404), ({"is_active": False}, 302)]
)
def test_a_customer_or_staff_that_lost_its_rights_gets_no_page(
    production: Any, client: Client, staff: User, rights: dict[str, bool], status: int
) -> None:
    User.objects.filter(pk=staff.pk).update(**rights)
    assert client.get("/ws/test").status_code == status


def test_a_token_is_no_login_to_the_page(production: Any, client: Client, db: None) -> None:
    token = token_for(somebody("staff", is_staff=True).pk)
    assert client.get("/ws/test", HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 302


@pytest.mark.parametrize("debug", [True, False])
def test_it_is_not_found_where_it_is_off(
    client: Client, settings: Any, db: None, debug: bool
) -> None:
    settings.DEBUG, settings.CONSOLE_ENABLED = debug, False
    assert client.get("/ws/test").status_code == 404
    client.force_login(somebody("staff", is_staff=True))
    assert client.get("/ws/test").status_code == 404


def test_only_scripts_with_the_nonce_of_the_answer_run(client: Client, page: Any) -> None:
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


def test_it_may_connect_to_its_own_host_only(client: Client) -> None:
    policy = directives(client.get("/ws/test", HTTP_HOST="localhost:8000"))
    assert policy["connect-src"] == ["'self'", "ws://localhost:8000", "wss://localhost:8000"]
    assert directives(client.get("/ws/test", HTTP_HOST="[::1]:8000"))["connect-src"] == ["'self'"]


def test_every_visitor_gets_it_in_debug_not_framed_and_not_cached(page: Any) -> None:
    assert page.status_code == 200
    assert directives(page)["frame-ancestors"] == ["'none'"]
    assert "no-store" in page["Cache-Control"]


def test_it_loads_files_of_its_own_host_only(page: Any) -> None:
    found = re.findall(r'<(\w+)\b[^>]*? (?:src|href)="([^"#][^"]*)"', page.content.decode())
    links = [address for tag, address in found if tag == "a"]
    assert links == ["/admin/ledger/transaction/", "https://www.tradingview.com/"]
    addresses = [address for tag, address in found if tag != "a"]
    assert len(addresses) > 5
    for address in addresses:
        assert address.startswith("/static/")
        assert finders.find(address.removeprefix("/static/")), f"{address} does not exist"


def test_it_offers_a_form_for_every_command(page: Any) -> None:
    for command in COMMAND_TYPES:
        assert f'"type": "{command}"' in page.content.decode()


def test_demo_logins_are_shown_in_debug_only_and_escaped(
    client: Client, settings: Any, db: None
) -> None:
    settings.DEMO_LOGINS = LOGINS
    shown = client.get("/ws/test").content
    assert b"alice-pass" in shown
    assert b"Alice </script>" not in shown
    settings.DEBUG = False
    client.force_login(somebody("staff", is_staff=True))
    assert b"alice-pass" not in client.get("/ws/test").content


def test_it_can_be_put_on_a_home_screen(page: Any) -> None:
    html = page.content.decode()
    assert directives(page)["manifest-src"] == ["'self'"]
    places = re.findall(r'rel="(?:manifest|apple-touch-icon)" href="/static/([^"]+)"', html)
    [manifest, icon] = sorted(places, reverse=True)
    about = json.loads(Path(str(finders.find(manifest))).read_text())
    assert about["display"] == "standalone"
    start = urljoin(f"/static/{manifest}", about["start_url"])
    assert (start, urljoin(f"/static/{manifest}", about["scope"])) == ("/ws/test", "/")
    folder = manifest.rpartition("/")[0]
    for name in [icon, *(f"{folder}/{each['src']}" for each in about["icons"])]:
        assert finders.find(name), name


def test_a_panel_is_there_while_its_app_says_where_it_asks(client, monkeypatch):
    where: list[str | None] = [None]
    monkeypatch.setattr(extras, "_paths", {})
    extras.register("phone", lambda: where[0])
    without = client.get("/ws/test")
    where[0] = "/demo/phone"
    shown = client.get("/ws/test")
    assert 'id="phone"' not in without.content.decode()
    assert "frame-src" not in directives(without)
    assert 'id="phone"' in shown.content.decode()
    assert directives(shown)["frame-src"] == ["'self'"]
