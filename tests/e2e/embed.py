"""A page of another application, with nothing on it but the client."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import BrowserContext

from tests.e2e.visitor import Visitor, set_hidden, token_of
from tests.services.ports import PATIENCE
from tests.services.server import Server

START = """
async ({token, options}) => {
    const {Client} = await import("/static/realtime/client.js");
    Object.assign(window, {token, asked: [], heard: [], states: [], resyncs: []});
    window.client = new Client({
        getToken: ({reason}) => {
            asked.push(reason);
            return window.fresh ? fresh(reason) : window.token;
        },
        ...options,
    });
    client.on("message", ({stream, offset}) => stream && heard.push([stream, offset]));
    client.on("state", (change) => states.push(change));
    client.on("resync", (resync) => resyncs.push(resync));
    client.connect();
}
"""


class Embed(Visitor):
    """Its client is `client` in the page; the events of the client are in `heard`, `states`, …"""

    @classmethod
    async def start(
        cls, context: BrowserContext, server: Server, name: str, *, token: str = "", **options: Any
    ) -> Embed:
        """Open a page, connect as a demo user and wait for the greeting."""
        visitor = await Embed.blank(context, server)
        token = token or await asyncio.to_thread(token_of, server, name)
        await visitor.connect(token, **options)
        await visitor.until("client.greeting")
        return visitor

    async def connect(self, token: str = "", **options: Any) -> None:
        """Begin with a new client; where the page has a function `fresh`, it gives the tokens."""
        await self.page.evaluate(START, {"token": token, "options": options})

    @classmethod
    async def blank(cls, context: BrowserContext, server: Server) -> Embed:
        """Open a page of the server's origin that has no policy: a file of plain text.

        One that is made up here would not do: Chromium keeps it from sockets of this machine.
        """
        await context.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        return await Embed.open(context, f"{server.url}/static/realtime/device.d.ts")

    async def get(self, expression: str) -> Any:
        """Evaluate an expression in the page."""
        return await self.page.evaluate(expression)

    async def until(self, expression: str, seconds: float = 15) -> Any:
        """Wait until an expression is true in the page, and return it."""
        handle = await self.page.wait_for_function(
            expression, timeout=seconds * 1000 * PATIENCE, polling=50
        )
        return await handle.json_value()

    async def offsets(self, stream: str) -> list[int]:
        """Return the events received of a stream, in order."""
        return [offset for name, offset in await self.get("heard") if name == stream]

    async def hide(self, hidden: bool = True) -> None:
        """Let the page believe that it is hidden: headless browsers never hide one."""
        await set_hidden(self.page, hidden)
