"""Every check of the keys and claims of tokens fires on what it is for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.hoardrun.deployment import fires, raised


def simple_jwt(settings, **values: object) -> None:
    settings.SIMPLE_JWT = settings.SIMPLE_JWT | values


def pem(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """Write a pair of keys as simplejwt takes it."""
    return {
        "SIGNING_KEY": private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
        "VERIFYING_KEY": private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    }


@pytest.fixture(scope="module")
def good_pair() -> dict[str, str]:
    return pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture(scope="module")
def short_pair() -> dict[str, str]:
    return pem(rsa.generate_private_key(public_exponent=65537, key_size=1024))


def test_a_good_pair_of_keys_passes(production, good_pair: dict[str, str]):
    simple_jwt(production, ALGORITHM="RS256", **good_pair)
    assert raised().keys() == {"hoardrun.I011"}
    simple_jwt(production, SIGNING_KEY="")  # this node only verifies
    assert raised().keys() == {"hoardrun.I011"}


@pytest.mark.parametrize("broken", ["no pair", "other kind", "no PEM", "none"])
def test_it_refuses_keys_that_sign_nothing_valid(production, good_pair, broken: str):
    keys: dict[str, dict[str, str]] = {
        "no pair": {"VERIFYING_KEY": pem(rsa.generate_private_key(65537, 2048))["VERIFYING_KEY"]},
        "other kind": pem(ec.generate_private_key(ec.SECP256R1())),
        "no PEM": {"VERIFYING_KEY": "a line of text"},
        "none": {"SIGNING_KEY": "", "VERIFYING_KEY": ""},
    }
    simple_jwt(production, ALGORITHM="RS256", **(good_pair | keys[broken]))
    for deploy in (False, True):
        fires("hoardrun.E020", says="RS256", deploy=deploy)


def test_it_warns_of_a_short_rsa_key(production, short_pair: dict[str, str]):
    simple_jwt(production, ALGORITHM="RS256", **short_pair)
    fires("hoardrun.W024")
    simple_jwt(production, SIGNING_KEY="")
    fires("hoardrun.W024")


def test_it_warns_of_tokens_that_live_long(production):
    simple_jwt(production, ACCESS_TOKEN_LIFETIME=timedelta(minutes=61))
    fires("hoardrun.W028")


def test_it_reminds_of_keys_of_before(production):
    production.JWT_FALLBACK_KEYS = ["k" * 40]
    assert raised().keys() == {"hoardrun.I011", "hoardrun.I033"}
    production.JWT_FALLBACK_KEYS, production.SECRET_KEY_FALLBACKS = [], ["Z4" * 30 + "abcdefgh"]
    assert raised().keys() == {"hoardrun.I011", "hoardrun.I033"}


def test_it_refuses_a_file_of_before_that_is_no_public_key(production, good_pair):
    simple_jwt(production, ALGORITHM="RS256", **good_pair)
    production.JWT_FALLBACK_KEYS = [good_pair["VERIFYING_KEY"]]
    assert raised().keys() == {"hoardrun.I011", "hoardrun.I033"}
    other = pem(ec.generate_private_key(ec.SECP256R1()))["VERIFYING_KEY"]
    for wrong in ("a line of text", other):
        production.JWT_FALLBACK_KEYS = [good_pair["VERIFYING_KEY"], wrong]
        assert "File 2 of" in raised()["hoardrun.E029"].msg
