"""A Python client for `/ws/notifications`, for services and tests.

    async def get_token(reason: str) -> str | None:
        return await my_login.access_token(fresh=reason != "connect")

    async with Client("wss://example.com/ws/notifications", get_token, device="ledger-1") as client:
        client.on("transaction_update", handle)
        await client.join("market:crypto")
        await client.wait_ended()

It reconnects, resumes, renews its login and acknowledges by itself. `Client` documents what it
guarantees, docs/client-python.md says more. It needs `websockets` and must not import Django.

- `Client`: the connection.
- `ApiError`: raised by a request over HTTP that the API refuses.
- `ServerError`: raised by a request that the server refuses.
- `GetToken`, `Handler`, `State`, `TokenIn`: types of arguments and properties of `Client`.
"""

from __future__ import annotations

from realtime.client.api import ApiError
from realtime.client.client import Client
from realtime.client.handlers import Handler
from realtime.client.link import State
from realtime.client.options import TokenIn
from realtime.client.requests import ServerError
from realtime.client.tokens import GetToken

__all__ = ["ApiError", "Client", "GetToken", "Handler", "ServerError", "State", "TokenIn"]
