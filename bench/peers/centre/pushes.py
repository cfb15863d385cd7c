"""Web pushes of a worker's lane to a local service, and the parts that their CPU goes to."""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.auth import get_user_model
from django.db.models import Max
from django.utils import timezone

from bench.peers.centre.rows import FIRST, insert, run
from notifications.channels import registry
from notifications.channels.message import Content, Message, Target
from notifications.channels.options import options
from notifications.channels.push import payload
from notifications.channels.push.encryption import encrypt
from notifications.channels.push.vapid import Key
from notifications.delivery.lane import Lane
from notifications.models import Address, Attempt, Delivery, Digest
from realtime.outgoing import Client
from realtime.outgoing.addresses import Rules

RULES = Rules(loopback=True, hosts=())  # which DEBUG would let, and log each statement for it
PARTS = 200  # calls that one part is measured by
AUTH = urlsafe_b64encode(b"a" * 16).decode()


def allow_loopback() -> None:
    """Let calls go to the local service."""
    registry.push_rules = lambda given: RULES


def fill(*, count: int, url: str) -> dict[str, Any]:
    """Queue a web push for each of as many users."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    public = urlsafe_b64encode(point).decode()
    for model in (Delivery, Address, Digest):
        run(f"DELETE FROM {model._meta.db_table}")
    run(f"DELETE FROM {get_user_model()._meta.db_table} WHERE id >= {FIRST}")
    keys = f'\'{{"p256dh": "{public}", "auth": "{AUTH}"}}\''
    insert(get_user_model(), count, id="n", username="'bench-' || n", is_active="true")
    insert(Address, count, id="n", user="n", channel="'push'", service="'web'",
           value=f"'{url}/p/' || n", hash="'hash' || n", keys=keys, state="'verified'",
           verified_at="now()")  # fmt: skip
    # Attempts stay for ever, and each belongs to its delivery: numbers are never used again.
    used = Attempt.objects.aggregate(most=Max("delivery"))["most"] or FIRST
    # With a source of its own each, so that the last look asks for the address alone.
    insert(Delivery, count, id=f"n + {used}", notification="n", user="n", kind="'system.general'",
           category="'system'", channel="'push'", address="n", address_hash="'hash' || n",
           rung="9", state="'queued'", decided_by="'due'", policy_version="'p'",
           context="""'{"title": "Benchmark", "message": "Your statement is ready to be read."}'""",
           expires_at="now() + interval '1 hour'")  # fmt: skip
    run("ANALYZE")
    return {}


def send_all(*, count: int) -> dict[str, Any]:
    """Send all of them as a worker does; answers with what it took."""
    assert Delivery.objects.filter(state="queued").count() == count
    lane = Lane("push", "benchmark")
    began, since = time.process_time(), time.monotonic()
    while lane.step() or not lane.is_idle:
        lane.wait(0.05)
    spent = {"cpu": time.process_time() - began, "wall": time.monotonic() - since}
    lane.close()
    return {**spent, "sent": Delivery.objects.filter(state="accepted").count()}


def parts(*, url: str) -> dict[str, Any]:
    """Measure the CPU of the parts of a push in microseconds: what is left is its rows."""
    public = Address.objects.filter(channel="push")[0].keys or {}
    key = Key(options().vapid_private_key)
    client = Client(rules=RULES)
    text = payload.padded(payload.declarative(_message(url, public), "https://bank.example"))
    body = encrypt(text, public)
    subject = options().vapid_subject
    found = {
        "encryption_us": _each(lambda n: encrypt(text, public)),
        "signature_us": _each(lambda n: key.authorization(f"{url}/p/{n}", subject)),
        "fresh_signature_us": _each(lambda n: key.authorization(f"https://p{n}.test/", subject)),
        "http_us": _each(lambda n: client.call("POST", f"{url}/p/{n}", body=body)),
    }
    client.close()
    return found


def _each(call: Callable[[int], object]) -> float:
    for number in range(PARTS // 10):
        call(number)
    began = time.process_time()
    for number in range(PARTS):
        call(PARTS + number)
    return (time.process_time() - began) / PARTS * 1e6


def _message(url: str, keys: dict[str, str]) -> Message:
    now = timezone.now()
    return Message(
        delivery_id=1,
        notification_id="1",
        user_id=1,
        kind="system.general",
        category="system",
        channel="push",
        to=Target(value=f"{url}/p/1", service="web", keys=keys),
        content=Content(title="Benchmark", body="Your statement is ready to be read."),
        urgent=False,
        required=False,
        happened_at=now,
        expires_at=now + timedelta(hours=1),
        unread=3,
        receipt_token="1:" + "x" * 43,
    )
