"""Read a deployment's certificate from outside."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hoardrun.outside import certificate_ends_at
from tests.services.tls import make_certificates

PATIENCE = 30.0


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Serve TLS to whoever comes, with a certificate that this process trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(make_certificates(tmp_path)))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem")
    with socket.create_server(("localhost", 0)) as listening:

        def greet() -> None:
            try:
                while True:
                    peer, _ = listening.accept()
                    with peer:
                        peer.settimeout(PATIENCE)
                        try:
                            context.wrap_socket(peer, server_side=True).close()
                        except OSError:  # a client that does not trust it
                            continue
            except OSError:  # the test is over
                return

        serving = threading.Thread(target=greet, daemon=True)
        serving.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    serving.join(PATIENCE)


def test_the_end_of_a_certificate_is_told(port: int) -> None:
    ends = certificate_ends_at(f"wss://localhost:{port}/ws/notifications", PATIENCE)
    assert ends is not None
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert abs(datetime.fromtimestamp(ends, UTC) - tomorrow) < timedelta(hours=1)


def test_a_certificate_that_nobody_trusts_is_an_error(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(OSError, match="certificate"):
        certificate_ends_at(f"wss://localhost:{port}/", PATIENCE)


def test_a_plain_socket_has_none() -> None:
    assert certificate_ends_at("ws://localhost/ws/notifications", PATIENCE) is None
