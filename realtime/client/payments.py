"""Payments by mobile money of the client's user, over the HTTP API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from realtime.client.api import Api

PATH = "/api/v1/payments"
_KEY = "Idempotency-Key"


class Payments:
    """Each method raises ApiError. `transaction_update` tells what becomes of a payment."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def methods(self, language: str = "") -> dict[str, Any]:
        """Return by whom one can pay, and the words for stages and reasons."""
        query = f"?language={quote(language, safe='')}" if language else ""
        return dict(await self._api.ask("GET", f"{PATH}/methods{query}"))

    async def create(self, order: Mapping[str, Any], *, key: str | None = None) -> dict[str, Any]:
        """Ask for a payment and return it. Repeated with the same key it is done once.

        A payout to a `name` that the provider does not have raises ApiError with status 409. Show
        `shown_name` of its problem; if that is meant, ask again with it and `name_confirmed`.
        """
        headers = {_KEY: key} if key else {}
        return dict(await self._api.ask("POST", PATH, dict(order), headers))

    async def get(self, payment_id: str) -> dict[str, Any]:
        return dict(await self._api.ask("GET", _at(payment_id)))

    async def steps(self, payment_id: str) -> list[dict[str, Any]]:
        """Return the history of a payment, oldest first."""
        return list(await self._api.ask("GET", f"{_at(payment_id)}/steps"))

    async def cancel(self, payment_id: str) -> dict[str, Any]:
        """Cancel a payment that its provider has not been asked for; later the status is 409."""
        return dict(await self._api.ask("POST", f"{_at(payment_id)}/cancel"))

    async def retry(self, payment_id: str) -> dict[str, Any]:
        """Make the same payment again, once, where its `retry_safe` is true."""
        headers = {_KEY: f"retry:{payment_id}"}
        return dict(await self._api.ask("POST", f"{_at(payment_id)}/retry", None, headers))


def _at(payment_id: str) -> str:
    return f"{PATH}/{quote(payment_id, safe='')}"
