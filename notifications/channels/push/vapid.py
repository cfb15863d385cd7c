"""Our identity for push services (RFC 8292): keys, and the tokens that they sign.

A subscription belongs to the key that it was made with. A new key comes beside the old ones, which
sign for their subscriptions as long as those are used.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02, VapidException
from py_vapid.utils import b64urlencode

LIFE_SECONDS = 12 * 3600  # half of what push services take
RENEWED_BEFORE_SECONDS = 3600
_MAX_ORIGINS = 1000  # tokens that are kept


class Key:
    """One key pair, and its tokens, each for one push service. Thread-safe."""

    def __init__(self, private_key: str) -> None:
        """Read a private key: 32 bytes as base64url. Raises ValueError."""
        try:
            self._vapid = Vapid02.from_string(private_key)
        except Exception as error:  # binascii's, those of cryptography, and UnicodeDecodeError
            raise ValueError("is no private key of P-256") from error
        point = self._vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public: str = b64urlencode(point)  # what browsers take as applicationServerKey
        self.id = hashlib.sha256(point).hexdigest()[:16]
        self._tokens: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def authorization(
        self, endpoint: str, subject: str, clock: Callable[[], float] = time.time
    ) -> str:
        """Return the header for a call to an endpoint. One signature serves an origin for hours.

        Raises ValueError for a subject or an origin that cannot be signed.
        """
        parts = urlsplit(endpoint)
        origin = f"{parts.scheme}://{parts.netloc}"
        now = clock()
        with self._lock:
            expires, header = self._tokens.get(origin, (0.0, ""))
            if expires - now < RENEWED_BEFORE_SECONDS:
                expires = int(now) + LIFE_SECONDS
                # A fresh dict each time: a library that writes into it would sign the next origin
                # with the audience of this one.
                claims = {"aud": origin, "exp": expires, "sub": subject}
                try:
                    header = str(self._vapid.sign(claims)["Authorization"])
                except VapidException as error:
                    raise ValueError(str(error)) from None
                if len(self._tokens) >= _MAX_ORIGINS:
                    self._tokens.clear()
                self._tokens[origin] = (expires, header)
        return header


class KeyRing:
    """The key that new subscriptions are made with, and those of before."""

    def __init__(self, private_key: str, previous: Sequence[str] = ()) -> None:
        self.current = Key(private_key)
        self._by_id = {key.id: key for key in (*map(Key, previous), self.current)}

    def find(self, identifier: str) -> Key | None:
        """Return the key of a subscription; one that names none was made with the current key."""
        return self._by_id.get(identifier) if identifier else self.current


def subject_error(subject: str) -> str:
    """Say what is wrong with a subject, which Apple's service insists on; empty if nothing is."""
    key = Vapid02()
    key.generate_keys()
    try:
        key.sign({"aud": "https://push.example.com", "sub": subject})
    except VapidException:
        return "is neither mailto: with an address nor https: with a host"
    return ""


def new_private_key() -> str:
    """Make a private key, as settings hold it."""
    key = Vapid02()
    key.generate_keys()
    number = key.private_key.private_numbers().private_value
    return str(b64urlencode(number.to_bytes(32)))
