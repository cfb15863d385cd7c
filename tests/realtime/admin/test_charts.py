"""The page of charts in the admin: who may open it, and what it shows without a script."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from realtime import clock, series
from tests.clients import browser_as, count_queries, staff_with
from tests.realtime.minutes import stored_minute

URL = "/admin/realtime/charts/"


@pytest.fixture
def operator(alice: User) -> Client:
    return browser_as(staff_with(alice, "view_node"))


@pytest.fixture
def minute(db: None) -> int:
    """Return a minute that is over, and in every span that ends now or a minute later."""
    return int(clock.now().timestamp() // 60) - 2


def shown(browser: Client, **query: str) -> str:
    return str(browser.get(URL, query).content.decode())


def data(page: str) -> Any:
    found = re.search(r'<script id="series-data" type="application/json">(.*?)</script>', page)
    assert found is not None
    return json.loads(found[1])


@pytest.mark.parametrize("right", ["view_connection", "view_node"])
def test_it_needs_the_right_to_see_nodes(alice: User, right: str) -> None:
    browser = browser_as(staff_with(alice, right))
    may = right == "view_node"
    assert browser.get(URL).status_code == (200 if may else 403)
    assert (URL in browser.get("/admin/").content.decode()) is may


def test_it_only_reads(operator: Client) -> None:
    assert operator.post(URL).status_code == 405


def test_it_says_so_where_nothing_has_reported(operator: Client) -> None:
    page = shown(operator)
    assert "No node has reported" in page
    assert "series-chart" not in page


@pytest.mark.parametrize("span", series.SPANS)
def test_each_span_has_its_numbers_for_scripts_and_as_a_table(
    operator: Client, minute: int, span: str
) -> None:
    stored_minute(minute, connections=1234)
    page = shown(operator, span=span)
    assert 1234 in data(page)["lines"]["connections"]
    assert "<td>1234</td>" in page
    assert page.count('class="series-chart"') == len(series.CHARTS)
    assert len(data(page)["times"]) == len(data(page)["lines"]["users"])


def test_a_node_has_charts_of_its_own(operator: Client, minute: int) -> None:
    stored_minute(minute, node="a", host="web-1", connections=10)
    stored_minute(minute, node="b", host="<b>", connections=20, lag_ms=6.6989340937445805)
    everybody, one = shown(operator), shown(operator, node="b")
    assert 30 in data(everybody)["lines"]["connections"]
    assert 20 in data(one)["lines"]["connections"]
    assert "Charts of &lt;b&gt;:7" in one
    assert "<b>" not in one
    assert "<td>6.7</td>" in one


def test_an_unknown_span_or_node_is_no_error(operator: Client, minute: int) -> None:
    stored_minute(minute, connections=10)
    assert 10 in data(shown(operator, span="week"))["lines"]["connections"]
    assert "This node has not reported" in shown(operator, node="'\"><script>")


def test_its_queries_do_not_grow_with_nodes(operator: Client, minute: int) -> None:
    stored_minute(minute)
    before = count_queries(operator, URL)
    for number in range(5):
        stored_minute(minute, node=f"n{number}")
    assert count_queries(operator, URL) == before
