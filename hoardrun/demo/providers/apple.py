"""Apple's push service: HTTP/2 over TLS, with the login of a provider by a signed token."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import time
import uuid
from pathlib import Path
from typing import Any, Self

import h2.config
import h2.connection
import h2.events
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hoardrun.demo.providers import literal
from hoardrun.demo.providers.certificate import write_certificate
from hoardrun.demo.providers.http import HANG_SECONDS
from hoardrun.demo.providers.kept import Ledger
from hoardrun.demo.providers.mood import Mood, Trouble

KEY_ID, TEAM_ID, TOPIC = "ABC123DEFG", "DEF123GHIJ", "com.acme.bank"
_DEVICE = re.compile(r"[0-9a-f]{64}")
_PREFIX = "/3/device/"


class Apple:
    """`devices` says with which refusal a device's token is answered, as (status, reason).

    `trusted` is the certificate that a client must trust.
    """

    def __init__(
        self, folder: Path, *, ledger: Path | None = None, mood: Mood | None = None
    ) -> None:
        self.trusted = write_certificate(folder, "localhost")
        self.ledger = Ledger(ledger)
        self._mood = mood or Mood()
        self._released = threading.Event()
        self.devices: dict[str, tuple[int, str]] = {}
        self.expired: set[str] = set()  # provider tokens that are answered as if they were old
        self.authorizations: list[str] = []
        self.paths: list[str] = []
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(folder / "both.pem")
        self._tls.set_alpn_protocols(["h2"])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self._listener.getsockname()[1]}"
        self._threads: list[threading.Thread] = []
        self._sockets: list[ssl.SSLSocket] = []

    @property
    def key(self) -> str:
        """The `.p8` file that one downloads."""
        pem = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return pem.decode()

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(self, *details: object) -> None:
        self._released.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join(5)
        self.ledger.close()

    def _begin(self, target: Any, *args: Any) -> None:
        thread = threading.Thread(target=target, args=args)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            try:
                found = self._tls.wrap_socket(plain, server_side=True)
            except OSError:
                plain.close()
                continue
            self._sockets.append(found)
            self._begin(self._serve, found)

    def _serve(self, stream: ssl.SSLSocket) -> None:
        link = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        link.initiate_connection()
        requests: dict[int, tuple[dict[str, str], bytearray]] = {}
        with stream:
            try:
                stream.sendall(link.data_to_send())
                while received := stream.recv(65_536):
                    for event in link.receive_data(received):
                        self._take(link, requests, event)
                    stream.sendall(link.data_to_send())
            except OSError:
                return

    def _take(
        self,
        link: h2.connection.H2Connection,
        requests: dict[int, tuple[dict[str, str], bytearray]],
        event: h2.events.Event,
    ) -> None:
        if isinstance(event, h2.events.RequestReceived):
            named = {_text(name): _text(value) for name, value in event.headers}
            requests[event.stream_id] = named, bytearray()
        elif isinstance(event, h2.events.DataReceived):
            requests[event.stream_id][1].extend(event.data)
            link.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            headers, body = requests.pop(event.stream_id)
            answered = self._troubled(headers, bytes(body))
            if answered is None:
                raise ConnectionAbortedError
            status, reason = answered
            identifier = headers.get("apns-id") or str(uuid.uuid4())
            told = [(":status", str(status)), ("apns-id", identifier)]
            link.send_headers(event.stream_id, told, end_stream=not reason)
            if reason:
                link.send_data(event.stream_id, json.dumps(reason).encode(), end_stream=True)

    def _troubled(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]] | None:
        """Answer as the mood says; None: close the connection."""
        trouble: Trouble | None = self._mood.trouble()
        if trouble is None:
            return self._answer(headers, body)
        if trouble in {"too_many", "broken"}:
            return _refused("TooManyRequests" if trouble == "too_many" else "InternalServerError")
        if trouble.startswith("accept"):
            self._answer(headers, body)
        if trouble.endswith("hang"):
            self._released.wait(HANG_SECONDS)
        return None

    def _answer(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        path = headers[":path"]
        self.paths.append(path)
        if headers[":method"] != "POST":
            return _refused("MethodNotAllowed")
        if not path.startswith(_PREFIX):
            return _refused("BadPath")
        if refused := self._unproven(headers.get("authorization", "")) or _wrong(headers, body):
            return _refused(refused)
        device = path.removeprefix(_PREFIX)
        if device in self.devices:
            status, reason = self.devices[device]
            told: dict[str, Any] = {"reason": reason}
            if status == 410:
                told["timestamp"] = int(time.time() * 1000) - 60_000
            return status, told
        self.ledger.accept(device=device, headers=headers, payload=json.loads(body))
        return 200, {}

    def _unproven(self, authorization: str) -> str:
        scheme, _, token = authorization.partition(" ")
        self.authorizations.append(authorization)
        if scheme != "bearer" or not token:
            return "MissingProviderToken"
        if authorization in self.expired:
            return "ExpiredProviderToken"
        try:
            named = jwt.get_unverified_header(token)
            claims = jwt.decode(token, self._key.public_key(), ["ES256"])
        except jwt.PyJWTError:
            return "InvalidProviderToken"
        if named.get("kid") != KEY_ID or claims.get("iss") != TEAM_ID:
            return "InvalidProviderToken"
        return "" if abs(time.time() - claims["iat"]) < 3600 else "ExpiredProviderToken"


def _wrong(headers: dict[str, str], body: bytes) -> str:
    """Return the reason to refuse a request that is proven, or nothing."""
    device, given = headers[":path"].removeprefix(_PREFIX), headers.get
    identifier = given("apns-id", str(uuid.UUID(int=0)))
    faults = {
        "MissingDeviceToken": not device,
        "MissingTopic": not given("apns-topic"),
        "BadTopic": given("apns-topic") != TOPIC,
        "BadDeviceToken": not _DEVICE.fullmatch(device) or device == "0" * 64,
        "InvalidPushType": given("apns-push-type") not in {"alert", "background"},
        "BadPriority": given("apns-priority", "10") not in {"1", "5", "10"},
        "BadExpirationDate": not given("apns-expiration", "0").isdigit(),
        "BadCollapseId": len(given("apns-collapse-id", "")) > 64,
        "BadMessageId": not re.fullmatch(r"[0-9a-f-]{36}", identifier),
        "PayloadEmpty": not body,
        "PayloadTooLarge": len(body) > 4096,
    }
    return next((reason for reason, is_so in faults.items() if is_so), "")


def _refused(reason: str) -> tuple[int, dict[str, Any]]:
    return literal.code("apns", reason), {"reason": reason}


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
