"""What providers report later, and how a seed decides that they misbehave."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from hoardrun.demo.providers.mood import Mood
from hoardrun.demo.providers.reports import FORM, Reporter
from hoardrun.demo.providers.sms import AfricasTalking, Twilio
from notifications.hooks.twilio import signature
from tests.services.ports import wait_until

NUMBER = "+256772000001"


class Webhook(BaseHTTPRequestHandler):
    """Takes what is posted, after it has refused as often as it was told to."""

    heard: list[dict[str, str]] = []
    refuse = 0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_refused = Webhook.refuse > 0
        Webhook.refuse -= is_refused
        if not is_refused:
            signed = self.headers.get("X-Twilio-Signature") or ""
            url = f"http://{self.headers['Host']}{self.path}"
            is_right = signed == signature("token", url, body).decode()
            Webhook.heard.append({**dict(parse_qsl(body.decode())), "signed": str(is_right)})
        self.send_response(503 if is_refused else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def hook() -> Iterator[str]:
    Webhook.heard.clear()
    Webhook.refuse = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    thread.join()
    server.server_close()


def _send(url: str, form: dict[str, str], **headers: str) -> None:
    given = {"Content-Type": FORM, **headers}
    request = Request(url, urlencode(form).encode(), given)
    build_opener(ProxyHandler({})).open(request, timeout=10).close()


def _heard(count: int) -> list[dict[str, str]]:
    wait_until(lambda: len(Webhook.heard) >= count, seconds=10, what="the reports")
    return Webhook.heard


def test_twilio_reports_to_the_callback_of_each_message_with_its_signature(hook):
    with Reporter(after=0) as reporter, Twilio("AC1", "token", reporter=reporter) as fake:
        fake.reports[NUMBER] = ("undelivered", 30005)
        form = {"To": NUMBER, "From": "+15005550006", "Body": "Hello", "StatusCallback": hook}
        _send(f"{fake.url}/2010-04-01/Accounts/AC1/Messages.json", form,
              Authorization=f"Basic {fake.login}")  # fmt: skip
        first, last = _heard(2)
        assert (first["MessageStatus"], last["MessageStatus"]) == ("sent", "undelivered")
        assert (last["ErrorCode"], last["MessageSid"]) == ("30005", fake.ledger[0]["sid"])
        assert (first["signed"], last["signed"]) == ("True", "True")


def _africastalking(hook: str, reporter: Reporter) -> AfricasTalking:
    fake = AfricasTalking("acme", "key", reporter=reporter)
    fake.reports_url = fake.inbound_url = hook
    return fake


def _text(fake: AfricasTalking) -> None:
    form = {"username": "acme", "to": NUMBER, "message": "Hello"}
    _send(f"{fake.url}/version1/messaging", form, apiKey="key")


def test_africas_talking_reports_by_its_id_and_tries_again(hook):
    with Reporter(after=0, pause=0.01) as reporter, _africastalking(hook, reporter) as fake:
        Webhook.refuse = 1
        _text(fake)
        by_status = {each["status"]: each for each in _heard(2)}
        assert set(by_status) == {"Sent", "Success"}
        last = by_status["Success"]
        assert (last["id"], last["networkCode"]) == (fake.ledger[0]["id"], "64110")
        assert last["phoneNumber"] == NUMBER


def test_reports_are_doubled_as_the_seed_says(hook):
    mood = Mood(seed=7, doubled=1, late=1, late_seconds=0.1)
    with Reporter(mood, after=0) as reporter, _africastalking(hook, reporter) as fake:
        _text(fake)
        statuses = sorted(each["status"] for each in _heard(4))
        assert statuses == ["Sent", "Sent", "Success", "Success"]


def test_an_answer_of_the_phone_reaches_the_deployment(hook):
    with Reporter() as reporter, _africastalking(hook, reporter) as fake:
        assert fake.text(NUMBER, "STOP") == 200
    [heard] = Webhook.heard
    assert (heard["from"], heard["text"]) == (NUMBER, "STOP")


def test_a_route_that_is_missing_is_refused_by_its_code():
    with Twilio("AC1", "token", mood=Mood(unroutable=1)) as fake:
        form = {"To": NUMBER, "From": "+15005550006", "Body": "Hello"}
        with pytest.raises(HTTPError) as refused:
            _send(f"{fake.url}/2010-04-01/Accounts/AC1/Messages.json", form,
                  Authorization=f"Basic {fake.login}")  # fmt: skip
        with refused.value as answer:
            assert json.load(answer)["code"] == 21612
        assert not fake.ledger


def _met(mood: Mood) -> list[Any]:
    return [mood.trouble() for _ in range(400)]


def test_one_seed_means_the_same_troubles_and_each_share_is_met():
    bad = Mood(3, drop=0.1, accept_and_drop=0.1, hang=0.1, too_many=0.1, broken=0.1,
               unroutable=0.1)  # fmt: skip
    met = _met(bad)
    assert met == _met(replace(bad, _requests=count())) != _met(replace(bad, seed=4))
    assert set(met) == {"drop", "accept_and_drop", "hang", "too_many", "broken", "unroutable", None}
    assert 20 <= met.count("hang") <= 60
    assert set(_met(Mood())) == {None}
