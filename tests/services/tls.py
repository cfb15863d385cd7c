"""A Redis that is reached by TLS: HAProxy ends it, as not every build of Redis can."""

from __future__ import annotations

import datetime
import shutil
import socket
import uuid
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.services.binaries import ServerMissing
from tests.services.ports import free_port
from tests.services.process import Process
from tests.services.redis import Redis

DAY = datetime.timedelta(days=1)


def make_certificates(folder: Path) -> Path:
    """Make a CA, and a key with a certificate for localhost in `server.pem`; return the CA's."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test CA")])
    now = datetime.datetime.now(datetime.UTC)
    basis = x509.CertificateBuilder().issuer_name(ca_name).not_valid_before(now - DAY)
    basis = basis.not_valid_after(now + DAY)
    ca = (
        basis.subject_name(ca_name)
        .public_key(ca_key.public_key())
        .serial_number(1)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    own = (
        basis.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]))
        .public_key(key.public_key())
        .serial_number(2)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(own.public_bytes(pem) + private)
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    return folder / "ca.pem"


class TlsRedis:
    """A Redis behind TLS on `port` of localhost, with the `server.pem` of a folder."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        if program is None:
            raise ServerMissing("Install HAProxy (on Debian: apt-get install haproxy).")
        self._redis = Redis(f"redis-tls-{uuid.uuid4().hex[:8]}")
        self.port = free_port()
        config = folder / "haproxy.cfg"
        config.write_text(
            "defaults\n mode tcp\n timeout connect 5s\n timeout client 1h\n timeout server 1h\n"
            f"listen redis\n bind 127.0.0.1:{self.port} ssl crt {folder / 'server.pem'}\n"
            f" server redis 127.0.0.1:{self._redis.port}\n"
        )
        self._process = Process([program, "-db", "-f", config], log=folder / "haproxy.log")
        self._process.until(self._listens, seconds=20, what="HAProxy listens")

    def _listens(self) -> bool:
        with socket.socket() as found:
            return found.connect_ex(("127.0.0.1", self.port)) == 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.stop()
        self._redis.stop()
