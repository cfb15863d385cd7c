"""Candles, and the alerts and watchlists of the client's user, over the HTTP API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote, urlencode

from realtime.client.api import Api

_MARKET = "/api/v1/market"


class Rows:
    """What the user has several of. Each method raises ApiError."""

    def __init__(self, api: Api, path: str) -> None:
        self._api = api
        self._path = path

    async def list(self, **query: str) -> list[dict[str, Any]]:
        """Return all of them, or of alerts those of one `symbol`."""
        path = f"{self._path}?{urlencode(query)}" if query else self._path
        return [*await self._api.ask("GET", path)]

    async def get(self, row_id: str) -> dict[str, Any]:
        return dict(await self._api.ask("GET", self._at(row_id)))

    async def create(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return dict(await self._api.ask("POST", self._path, dict(given)))

    async def update(self, row_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change what `changes` names; status 412 if its `version` is not the newest."""
        return dict(await self._api.ask("PATCH", self._at(row_id), dict(changes)))

    async def remove(self, row_id: str) -> None:
        await self._api.ask("DELETE", self._at(row_id))

    def _at(self, row_id: str) -> str:
        return f"{self._path}/{quote(row_id, safe='')}"


class Market:
    """`price_alert_changed` tells what becomes of an alert, `candle_update` of a candle."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.alerts = Rows(api, "/api/v1/price-alerts")
        self.watchlists = Rows(api, "/api/v1/watchlists")

    async def candles(
        self,
        symbol: str,
        interval: str,
        *,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        fill: Literal["none", "previous"] | None = None,
    ) -> dict[str, Any]:
        """Return a page of candles from `start` to before `end`, ascending.

        Without `start` they are the newest. `cursor` is the `next` of a page, for which the rest
        stays as it was. A datetime has a time zone; a text is one of RFC 3339, or a date.
        """
        given = {
            "interval": interval, "from": _moment(start), "to": _moment(end), "limit": limit,
            "cursor": cursor, "fill": fill,
        }  # fmt: skip
        asked = urlencode({name: value for name, value in given.items() if value is not None})
        path = f"{_MARKET}/{quote(symbol, safe='')}/candles?{asked}"
        return dict(await self._api.ask("GET", path))

    async def feeds(self) -> list[dict[str, Any]]:
        """Return how the sources of prices do."""
        found: list[dict[str, Any]] = await self._api.ask("GET", f"{_MARKET}/feeds")
        return found


def _moment(value: datetime | str | None) -> str | None:
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("give the datetime a time zone")
    return value.isoformat()
