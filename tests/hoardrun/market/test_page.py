"""The chart page: which users get it, what its policy allows to run, what its licences ask."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client

from tests.services.environment import ROOT

PAGE = "/market/BTC-USD"
VENDOR = ROOT / "realtime" / "static" / "realtime" / "chart" / "vendor"
# Of dist/lightweight-charts.standalone.production.mjs in lightweight-charts-5.2.1.tgz of npm.
AS_PUBLISHED = "1bb1ee79f9d4dd17261b53d930f7a8995748276f80e7ba0e24412b5068062f5f"


@pytest.fixture(autouse=True)
def _development(settings: Any) -> None:
    settings.DEBUG = True


def directives(answer: Any) -> dict[str, list[str]]:
    words = [part.split() for part in answer["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in words}


def test_only_its_own_files_run_under_the_nonce_of_the_answer(client: Client) -> None:
    page = client.get(PAGE)
    policy, html = directives(page), page.content.decode()
    assert policy["default-src"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["require-trusted-types-for"] == ["'script'"]
    [source] = policy["script-src"]
    assert policy["style-src"] == [source]
    nonce = source.removeprefix("'nonce-").removesuffix("'")
    tags = re.findall(r"<(?:script|link rel=\"stylesheet\")(?![^>]*application/json)[^>]*>", html)
    assert len(tags) > 4
    for tag in tags:
        assert f'nonce="{nonce}"' in tag
        [address] = re.findall(r'(?:src|href)="/static/([^"]+)"', tag)
        assert finders.find(address), address
    assert not re.search(r"<[^>]+\s(?:style|on[a-z]+)=", html)
    assert "no-store" in page["Cache-Control"]


@pytest.mark.parametrize(
    ("asked", "place"), [("/market/btc-usd", PAGE), ("/market/usd-ugx/", "/market/USD-UGX")]
)
def test_a_symbol_in_small_letters_leads_to_its_page(
    client: Client, asked: str, place: str
) -> None:
    answer = client.get(asked)
    assert (answer.status_code, answer["Location"]) == (302, place)
    assert f'"symbol": "{place.rsplit("/", 1)[1]}"' in client.get(place).content.decode()


@pytest.mark.parametrize("odd", ["a%20b", "%3Cscript%3E", "A" * 21, ".A", "A:B", "a/b"])
def test_what_can_be_no_symbol_is_not_found(client: Client, odd: str) -> None:
    assert client.get(f"/market/{odd}").status_code == 404


def test_in_production_it_is_for_staff_as_the_console_is(
    client: Client, settings: Any, db: None
) -> None:
    settings.DEBUG = False
    assert client.get(PAGE)["Location"] == f"/admin/login/?next={PAGE}"
    client.force_login(User.objects.create_user("customer"))
    assert client.get(PAGE).status_code == 404
    client.force_login(User.objects.create_user("staff", is_staff=True))
    page = client.get(PAGE)
    assert page.status_code == 200
    assert '"logins": []' in page.content.decode()
    settings.CONSOLE_ENABLED = False
    assert client.get(PAGE).status_code == 404


def test_the_library_is_as_published_and_its_licences_and_notice_are_there(client: Client) -> None:
    library = (VENDOR / "lightweight-charts.mjs").read_bytes()
    assert hashlib.sha256(library).hexdigest() == AS_PUBLISHED
    assert b"v5.2.1" in library[:200]
    assert "Apache License" in (VENDOR / "LICENSE").read_text()
    assert "MIT" in (VENDOR / "README.md").read_text()
    assert "without restriction" in (VENDOR / "LICENSE-fancy-canvas").read_text()
    notice = " ".join((VENDOR / "NOTICE").read_text().split())
    assert notice.startswith("TradingView Lightweight Charts")
    html = client.get(PAGE).content.decode()
    assert re.search(r'TradingView Lightweight Charts.*href="https://www\.tradingview\.com/"', html)
