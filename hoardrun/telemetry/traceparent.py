"""The header `traceparent` of the W3C: the trace that a request belongs to.

It proves nothing, as a client may choose it: it only joins what others have noted of the request.
"""

from __future__ import annotations

import re

HEADER = b"traceparent"
# Version, trace, span, flags. Ids of zeros alone mean none.
_FORM = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def given(value: bytes) -> str:
    """Return the `traceparent` that a request brings; empty if it is not of the right form."""
    return value.decode() if _FORM.fullmatch(value) else ""
