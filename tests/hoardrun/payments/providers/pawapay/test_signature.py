"""Signatures by RFC 9421, made here and checked there."""

from __future__ import annotations

import hashlib
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hoardrun.payments.providers.interface import Incoming, Verdict
from hoardrun.payments.providers.pawapay.signature import verify
from tests.hoardrun.payments.providers.support import NOW

KEY, OTHER = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
KEYS = {"HTTP_EC_P256_KEY:1": PEM}
# Written as nobody would write it anew.
RAW = b'{ "amount": 1.00, "status":"COMPLETED", "name": "Caf\\u00e9", "depositId": "6f1a" }'
COVERED = ("@method", "@authority", "@path", "signature-date", "content-digest", "content-type")
AT = int(NOW.timestamp())


def signed(
    raw: bytes = RAW,
    *,
    key=KEY,
    covered: tuple[str, ...] = COVERED,
    expires: int = AT + 60,
    keyid: str = "HTTP_EC_P256_KEY:1",
    digest: str = "sha512",
    plain: bool = True,
) -> Incoming:
    name = {"sha512": "sha-512", "sha256": "sha-256"}[digest]
    hashed = b64encode(hashlib.new(digest, raw).digest()).decode()
    headers = {
        "content-digest": f"{name}=:{hashed}:",
        "content-type": "application/json; charset=UTF-8",
        "signature-date": "2026-03-02T09:00:00.000Z",
    }
    values = headers | {"@method": "POST", "@authority": "pay.example.org", "@path": "/in/6f1a"}
    parameters = "(" + " ".join(f'"{each}"' for each in covered) + ")"
    parameters += f';alg="ecdsa-p256-sha256";keyid="{keyid}";created={AT};expires={expires}'
    lines = [f'"{each}": {values[each]}' for each in covered]
    base = "\n".join([*lines, f'"@signature-params": {parameters}'])
    made = key.sign(base.encode(), ECDSA(SHA256()))
    if plain:
        made = b"".join(half.to_bytes(32) for half in decode_dss_signature(made))
    headers["signature-input"] = f"sig-pp={parameters}"
    headers["signature"] = f"sig-pp=:{b64encode(made).decode()}:"
    return Incoming(
        method="POST", path="/in/6f1a", authority="pay.example.org", headers=headers, raw=raw
    )


def changed(call: Incoming, **headers: str | None) -> Incoming:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {**call.headers, **names}
    return Incoming(
        method=call.method,
        path=call.path,
        authority=call.authority,
        headers={name: value for name, value in kept.items() if value is not None},
        raw=call.raw,
    )


@pytest.mark.field(number=15)
@pytest.mark.parametrize("digest", ["sha256", "sha512"])
@pytest.mark.parametrize("plain", [True, False])
def test_a_signature_over_the_bytes_as_they_came_is_genuine(digest, plain):
    assert verify(signed(digest=digest, plain=plain), KEYS, NOW) is Verdict.GENUINE


@pytest.mark.field(number=15)
def test_a_body_that_was_written_anew_is_forged():
    call = signed()
    for raw in (RAW.replace(b"1.00", b"1.0"), RAW.replace(b"\\u00e9", "é".encode()), RAW + b" "):
        other = Incoming(
            **{name: getattr(call, name) for name in call.__struct_fields__} | {"raw": raw}
        )
        assert verify(other, KEYS, NOW) is Verdict.FORGED


def test_a_signature_by_another_key_is_forged():
    assert verify(signed(key=OTHER), KEYS, NOW) is Verdict.FORGED


@pytest.mark.parametrize("missing", ["@method", "@path", "content-digest"])
def test_a_signature_must_cover_what_matters(missing):
    covered = tuple(name for name in COVERED if name != missing)
    assert verify(signed(covered=covered), KEYS, NOW) is Verdict.FORGED


@pytest.mark.parametrize(
    "headers",
    [
        {"content_digest": "md5=:AAAA:"},
        {"content_digest": None},
        {"content_type": "text/plain"},
        {"content_type": None},
        {"signature": "sig-pp=:AAAA:"},
        {"signature": "other=:AAAA:"},
        {"signature": "sig-pp=:%%%:"},
    ],
)
def test_what_was_changed_is_forged(headers):
    assert verify(changed(signed(), **headers), KEYS, NOW) is Verdict.FORGED


def test_another_path_or_host_is_forged():
    call = signed()
    fields = {name: getattr(call, name) for name in call.__struct_fields__}
    for change in ({"path": "/in/other"}, {"authority": "evil.example.org"}, {"method": "PUT"}):
        assert verify(Incoming(**fields | change), KEYS, NOW) is Verdict.FORGED


@pytest.mark.parametrize(
    "call",
    [
        signed(keyid="unknown"),
        signed(expires=AT - 61),
        changed(signed(), signature=None),
        changed(signed(), signature_input=None),
        changed(signed(), signature_input="nonsense"),
    ],
)
def test_without_a_signature_that_can_be_checked_it_is_unproven(call):
    assert verify(call, KEYS, NOW) is Verdict.UNPROVEN
