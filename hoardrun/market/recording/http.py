"""The HTTP side of the server that plays recordings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.http11 import Response

from hoardrun.market.recording.faults import Faults, Kind
from hoardrun.market.recording.venues.base import HttpRefused, Market, Speaker

AT_HANDSHAKE = {
    Kind.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    Kind.UNAUTHORISED: HTTPStatus.UNAUTHORIZED,
    Kind.AWAY: HTTPStatus.SERVICE_UNAVAILABLE,
}


def refused_handshake(faults: Faults, position: int) -> Response | None:
    """Return the refusal of a handshake; None if it is accepted."""
    for kind, status in AT_HANDSHAKE.items():
        if fault := faults.happens(kind, position):
            return response(status, status.phrase, retry_after=fault.seconds)
    return None


def answered(
    path: str, params: Mapping[str, str], speaker: Speaker, market: Market, faults: Faults
) -> Response:
    """Answer a GET of the venue's HTTP API."""
    if fault := faults.happens(Kind.HTTP_BUSY, market.position):
        body = json.dumps(speaker.busy)
        return response(HTTPStatus.TOO_MANY_REQUESTS, body, retry_after=fault.seconds)
    try:
        return response(HTTPStatus.OK, speaker.get(path, params, market))
    except HttpRefused as refused:
        return response(HTTPStatus(refused.status), json.dumps(refused.body))


def response(status: HTTPStatus, body: str, *, retry_after: float | None = None) -> Response:
    data = body.encode()
    headers = Headers(
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(data))),
            ("Connection", "close"),
        ]
    )
    if retry_after is not None and status is not HTTPStatus.UNAUTHORIZED:
        headers["Retry-After"] = str(max(1, round(retry_after)))
    return Response(status, status.phrase, headers, data)
