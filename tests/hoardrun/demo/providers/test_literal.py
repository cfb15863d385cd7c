"""Each exchange of the table, literally, over HTTP, HTTP/2 and SMTP."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import http_ece
import httpcore
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from hoardrun.demo.providers import literal
from hoardrun.demo.providers.apple import KEY_ID, TEAM_ID, TOPIC, Apple
from hoardrun.demo.providers.firebase import SCOPE, Firebase
from hoardrun.demo.providers.http import Fake
from hoardrun.demo.providers.mail import MailServer
from hoardrun.demo.providers.push import PushService, raw, text
from hoardrun.demo.providers.sms import AfricasTalking, Twilio
from tests.hoardrun.demo.providers.exchanges import call, exchanges, same

VALUES: dict[str, dict[str, str]] = {}


def _africastalking() -> Fake:
    VALUES["africastalking"] = {"key": "secret", "username": "acme"}
    return AfricasTalking("acme", "secret")


def _twilio() -> Fake:
    found = Twilio("AC1", "token")
    VALUES["twilio"] = {"account": "AC1", "login": found.login}
    return found


def _webpush() -> Fake:
    found = PushService()
    sender = Vapid02()
    sender.generate_keys()
    claims = {"aud": found.url, "exp": int(time.time()) + 60, "sub": "mailto:ops@acme.example"}
    authorization = sender.sign(claims)["Authorization"]
    browser = found.subscribe(authorization.partition("k=")[2])
    VALUES["webpush"] = {
        "path": browser.endpoint.removeprefix(found.url),
        "authorization": authorization,
        "body": _encrypted(browser.keys).decode("latin-1"),
    }
    return found


def _encrypted(keys: dict[str, str]) -> bytes:
    body: bytes = http_ece.encrypt(
        b'{"hello": 1}',
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=raw(keys["p256dh"]),
        auth_secret=raw(keys["auth"]),
        version="aes128gcm",
    )
    return body


def _fcm() -> Fake:
    found = Firebase()
    now = int(time.time())
    claims = {
        "iss": found.email, "scope": SCOPE, "aud": f"{found.url}/token", "iat": now,
        "exp": now + 3600,
    }  # fmt: skip
    found.valid.add("access")
    assertion = jwt.encode(claims, found.key, "RS256")
    VALUES["fcm"] = {"assertion": assertion, "project": found.project, "token": "access"}
    return found


MADE = {"africastalking": _africastalking, "twilio": _twilio, "webpush": _webpush, "fcm": _fcm}


@pytest.fixture(scope="module")
def providers() -> Iterator[dict[str, Fake]]:
    found = {name: made() for name, made in MADE.items()}
    for each in found.values():
        each.__enter__()
    yield found
    for each in found.values():
        each.__exit__()


@pytest.fixture(scope="module")
def apple(tmp_path_factory) -> Iterator[Apple]:
    with Apple(tmp_path_factory.mktemp("apple")) as found:
        claims = {"iss": TEAM_ID, "iat": int(time.time())}
        token = jwt.encode(claims, found.key, "ES256", {"kid": KEY_ID})
        VALUES["apns"] = {"token": token, "topic": TOPIC, "device": "ab" * 32}
        yield found


def _call(http: Any, origin: str, provider: str, name: str) -> httpcore.Response:
    return call(http, origin, provider, name, VALUES[provider])


@pytest.mark.parametrize(("provider", "name"), exchanges(*MADE))
def test_each_request_over_http_has_its_literal_answer(providers, provider: str, name: str):
    with httpcore.ConnectionPool() as http:
        same(provider, name, _call(http, providers[provider].url, provider, name))


@pytest.mark.parametrize(("provider", "name"), exchanges("apns"))
def test_each_request_over_http2_has_its_literal_answer(apple, provider: str, name: str):
    trust = ssl.create_default_context(cafile=str(apple.trusted))
    with httpcore.ConnectionPool(ssl_context=trust, http1=False, http2=True) as http:
        same(provider, name, _call(http, apple.url, provider, name))


@pytest.mark.parametrize("name", ["headers_missing", "out_of_order"])
def test_each_talk_with_the_mail_server(name: str):
    with (
        MailServer() as server,
        socket.create_connection(("127.0.0.1", server.port), 10) as link,
        link.makefile("rwb") as file,
    ):
        assert file.readline().startswith(b"220 ")
        for line in literal.table()["smtp"][name]["talk"].strip().splitlines():
            side, _, said = line.partition(" ")
            if side == ">":
                file.write(said.encode() + b"\r\n")
                file.flush()
                continue
            while (answer := file.readline().decode())[3:4] == "-":
                continue
            assert answer.startswith(said)


@pytest.mark.parametrize("code", literal.table()["africastalking"]["codes"])
def test_each_code_of_africas_talking_can_be_told(providers, code: str):
    fake: Any = providers["africastalking"]
    fake.recipients["+256772000001"] = int(code)
    with httpcore.ConnectionPool() as http:
        reply = _call(http, fake.url, "africastalking", "sent")
    del fake.recipients["+256772000001"]
    assert (reply.status, f'"statusCode": {code},' in reply.content.decode()) == (201, True)


@pytest.mark.parametrize("code", literal.table()["twilio"]["codes"])
def test_each_code_of_twilio_can_be_told(providers, code: str):
    fake: Any = providers["twilio"]
    fake.numbers["+256772000001"] = int(code)
    with httpcore.ConnectionPool() as http:
        reply = _call(http, fake.url, "twilio", "sent")
    del fake.numbers["+256772000001"]
    assert reply.status == literal.code("twilio", code)[0]
    assert f'"code": {code},' in reply.content.decode()


@pytest.mark.parametrize("code", literal.table()["fcm"]["codes"])
def test_each_code_of_fcm_can_be_told(providers, code: str):
    fake: Any = providers["fcm"]
    fake.devices["phone"] = (literal.code("fcm", code)[0], code)
    with httpcore.ConnectionPool() as http:
        reply = _call(http, fake.url, "fcm", "sent")
    fake.devices.clear()
    assert reply.status == literal.code("fcm", code)[0]
    assert f'"errorCode": "{code}"' in reply.content.decode()


def test_each_reason_of_apns_can_be_told(apple):
    trust = ssl.create_default_context(cafile=str(apple.trusted))
    with httpcore.ConnectionPool(ssl_context=trust, http1=False, http2=True) as http:
        for reason, status in literal.table()["apns"]["codes"].items():
            apple.devices["ab" * 32] = (status, reason)
            reply = _call(http, apple.url, "apns", "taken")
            assert (reply.status, f'"{reason}"' in reply.content.decode()) == (status, True)
    apple.devices.clear()


def test_what_is_accepted_is_in_the_file_before_the_answer(tmp_path: Path):
    file = tmp_path / "sms.jsonl"
    with Twilio("AC1", "token", ledger=file) as fake, httpcore.ConnectionPool() as http:
        VALUES["twilio"]["login"] = fake.login
        fake.then("accept_and_drop")
        with pytest.raises(httpcore.RemoteProtocolError):
            _call(http, fake.url, "twilio", "sent")
        assert _call(http, fake.url, "twilio", "text_missing").status == 400
        assert [row["to"] for row in fake.ledger] == ["+256772000001"]
        assert len(file.read_text().splitlines()) == 1


def test_text_of_a_push_is_read_by_its_browser_only(providers):
    fake: Any = providers["webpush"]
    fake.ledger.clear()
    with httpcore.ConnectionPool() as http:
        _call(http, fake.url, "webpush", "taken")
        VALUES["webpush"]["body"] = text(b"no message")
        _call(http, fake.url, "webpush", "taken")
    assert [row["shown"] for row in fake.ledger] == [{"hello": 1}, None]
