"""What the tests of the HTTP API share."""

from __future__ import annotations

from typing import Any

SHAPE = {"type", "title", "status", "detail", "code"}


def problem(response: Any, status: int, code: str = "", *fields: str) -> dict[str, Any]:
    """Check that an answer is a problem of this kind, if given, naming these fields; return it."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body.keys() >= SHAPE
    assert (body["status"], body["code"]) == (status, code or body["code"]), body
    assert body["detail"] and body["title"]
    assert "Traceback" not in response.content.decode()
    assert set(fields) <= body.get("errors", {}).keys(), body
    return body
