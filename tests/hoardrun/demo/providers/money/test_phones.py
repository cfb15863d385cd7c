"""The page of the phones, by its own HTTP API."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from hoardrun.demo.providers.money import phones
from tests.hoardrun.demo.providers.money.support import Merchant, cases


def state(merchant: Merchant, version: str = "") -> Any:
    return merchant.call("GET", f"/phones/state?version={version}")


def act(merchant: Merchant, reference: str, what: str, provider: str = "mtn") -> int:
    body = {"key": f"{provider} {reference}", "act": what}
    return merchant.call("POST", "/phones/act", body)[0]


@pytest.mark.parametrize(
    ("what", "ends"),
    [("pin", "SUCCESSFUL"), ("wrong", "PAYMENT_NOT_APPROVED"), ("cancel", "APPROVAL_REJECTED")],
)
def test_what_the_owner_does_is_what_becomes_of_the_payment(
    merchant: Merchant, what: str, ends: str
):
    reference, *_ = merchant.mtn_collect("256771234577")
    [shown] = state(merchant)[1]["payments"]
    assert (shown["is_asked"], shown["outcome"]) == (True, "Waits for you at this page")
    assert act(merchant, reference, what) == 204
    merchant.money.advance(0)
    [told] = merchant.callbacks.bodies()
    assert told.get("reason", told["status"]) == ends
    assert not state(merchant)[1]["payments"][0]["is_asked"]
    assert act(merchant, reference, "cancel") == 409
    merchant.money.advance(120)
    assert len(merchant.callbacks.asked) == 1


def test_the_owner_is_quicker_than_the_number(merchant: Merchant):
    reference, *_ = merchant.mtn_collect("256771234500")
    act(merchant, reference, "cancel")
    merchant.money.advance(10)
    assert [each["status"] for each in merchant.callbacks.bodies()] == ["FAILED"]


def test_a_prompt_that_is_ignored_expires(merchant: Merchant):
    reference, *_ = merchant.mtn_collect("256771234577")
    assert act(merchant, reference, "ignore") == 204
    assert state(merchant)[1]["payments"][0]["is_ignored"]
    merchant.money.advance(60)
    assert merchant.callbacks.bodies()[0]["reason"] == "EXPIRED"


def test_nothing_new_is_no_content(merchant: Merchant):
    version = state(merchant)[1]["version"]
    assert state(merchant, version)[0] == 204
    reference, *_ = merchant.mtn_collect("256771234500")
    begun = state(merchant, version)[1]["version"]
    merchant.money.advance(3)
    assert state(merchant, begun)[1]["payments"][0]["stands"] == "paid"


def test_payouts_ask_nobody(merchant: Merchant):
    begun = merchant.pay_out(254712345678)[1]
    [shown] = state(merchant)[1]["payments"]
    assert (shown["kind"], shown["is_asked"]) == ("payout", False)
    assert act(merchant, begun["OriginatorConversationID"], "pin", "daraja") == 404


@pytest.mark.parametrize(
    "changes",
    cases(
        ("no number", {"number": "0712345678"}),
        ("no account", {"account": " "}),
        ("no amount", {"amount": "much"}),
        ("nothing", {"amount": "0"}),
        ("too much", {"amount": "250001"}),
        ("no number at all", {"amount": "NaN"}),
    ),
)
def test_a_bill_that_cannot_be_paid(merchant: Merchant, changes: dict[str, str]):
    bill = {"number": "254712345678", "account": "INV-7", "amount": "100"}
    assert merchant.call("POST", "/phones/bill", bill | changes)[0] == 400


def test_pages_of_elsewhere_are_not_served(merchant: Merchant):
    assert merchant.call("GET", "/", None, {"Host": "evil.example"})[0] == 421
    foreign = {"Content-Type": "text/plain"}
    assert merchant.call("POST", "/phones/act", {}, foreign)[0] == 404
    assert merchant.call("GET", "/nowhere")[0] == 404


@pytest.mark.parametrize(
    ("path", "name", "type"),
    [
        ("/", "phones.html", "text/html; charset=utf-8"),
        ("/phones.css", "phones.css", "text/css; charset=utf-8"),
        ("/phones.js", "phones.js", "text/javascript; charset=utf-8"),
    ],
)
def test_files_of_the_page(merchant: Merchant, path: str, name: str, type: str):
    """A browser runs no script, and applies no style, of another type."""
    with urlopen(merchant.money.url + path) as answer:
        assert (answer.headers["Content-Type"], answer.read()) == (type, content_of(name))


def test_what_the_page_names_is_served(merchant: Merchant):
    named = set(re.findall(r'(?:href|src)="(/[^"]*)"', content_of("phones.html").decode()))
    assert named >= {"/phones.css", "/phones.js"}
    assert {path: merchant.call("GET", path)[0] for path in named} == dict.fromkeys(named, 200)


def content_of(name: str) -> bytes:
    return (Path(phones.__file__).with_name("static") / name).read_bytes()
