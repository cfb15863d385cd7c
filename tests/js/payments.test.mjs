// Payments over HTTP: each request as the server takes it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Payments } from "../../realtime/static/realtime/payments.js";
import { requests, settle } from "./browser.mjs";
import { connected } from "./clients.mjs";

const PATH = "/api/v1/payments";

/** Return what was asked for, and what the method resolved to. */
async function asked(act) {
  const { client } = await connected();
  const answer = act(new Payments(client));
  await settle();
  const request = requests.at(-1);
  const { method, headers, body } = request.options;
  request({ id: "7" });
  const { pathname, search } = new URL(request.url);
  return [[method, pathname + search, headers["Idempotency-Key"], body], await answer];
}

for (const [name, act, wanted] of [
  [
    "methods in a language",
    (pay) => pay.methods({ language: "sw" }),
    ["GET", "/methods?language=sw"],
  ],
  ["a payment", (pay) => pay.get("a/b"), ["GET", "/a%2Fb"]],
  ["its history", (pay) => pay.steps("7"), ["GET", "/7/steps"]],
  ["a cancellation", (pay) => pay.cancel("7"), ["POST", "/7/cancel"]],
  ["another try, which has one key", (pay) => pay.retry("7"), ["POST", "/7/retry", "retry:7"]],
  [
    "an order with a key",
    (pay) => pay.create({ amount: "5" }, { key: "k" }),
    ["POST", "", "k", '{"amount":"5"}'],
  ],
]) {
  test(name, async () => {
    const [[method, path, key, body], answer] = await asked(act);
    const [wantedMethod, rest, wantedKey, wantedBody] = wanted;
    assert.deepEqual([method, path, key, body], [wantedMethod, PATH + rest, wantedKey, wantedBody]);
    assert.deepEqual(answer, { id: "7" });
  });
}
