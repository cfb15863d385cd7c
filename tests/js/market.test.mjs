// Candles, alerts and watchlists over HTTP: each request as the server takes it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Market } from "../../realtime/static/realtime/market.js";
import { requests, settle } from "./browser.mjs";
import { connected } from "./clients.mjs";

/** Return what was asked for, and what the method resolved to. */
async function asked(act) {
  const { client } = await connected();
  const answer = act(new Market(client));
  await settle();
  const request = requests.at(-1);
  request({ id: "7" });
  const { pathname, search } = new URL(request.url);
  const { method, body } = request.options;
  return [[method, pathname + search, body], await answer];
}

for (const [name, act, wanted] of [
  [
    "a page of candles, without what was left out",
    (market) => market.candles("A/B", { interval: "1m", cursor: "a=", from: undefined }),
    ["GET", "/api/v1/market/A%2FB/candles?interval=1m&cursor=a%3D"],
  ],
  ["the sources", (market) => market.feeds(), ["GET", "/api/v1/market/feeds"]],
  ["all alerts", ({ alerts }) => alerts.list(), ["GET", "/api/v1/price-alerts"]],
  [
    "those of an instrument",
    ({ alerts }) => alerts.list({ symbol: "BTC-USD" }),
    ["GET", "/api/v1/price-alerts?symbol=BTC-USD"],
  ],
  ["one", ({ alerts }) => alerts.get("a/b"), ["GET", "/api/v1/price-alerts/a%2Fb"]],
  [
    "a new one",
    ({ alerts }) => alerts.create({ threshold: "5" }),
    ["POST", "/api/v1/price-alerts", '{"threshold":"5"}'],
  ],
  [
    "a change, with its version",
    ({ alerts }) => alerts.update("7", { version: 2, paused: true }),
    ["PATCH", "/api/v1/price-alerts/7", '{"version":2,"paused":true}'],
  ],
  [
    "a watchlist that goes",
    ({ watchlists }) => watchlists.remove("7"),
    ["DELETE", "/api/v1/watchlists/7"],
  ],
]) {
  test(name, async () => {
    const [request, answer] = await asked(act);
    assert.deepEqual(request, [...wanted, ...(wanted.length === 2 ? [undefined] : [])]);
    assert.deepEqual(answer, { id: "7" });
  });
}
