// The devices of a user over HTTP: each request as the server takes it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Devices } from "../../realtime/static/realtime/devices.js";
import { requests, settle } from "./browser.mjs";
import { connected } from "./clients.mjs";

const PATH = "/api/v1/devices";

/** Return what was asked for, and what the method resolved to. */
async function asked(act, given) {
  const { client } = await connected();
  const answer = act(new Devices(client));
  await settle();
  const request = requests.at(-1);
  request(given);
  return [[request.options.method, new URL(request.url).pathname], await answer];
}

test("they are listed", async () => {
  const devices = [{ id: "7", is_current: true }];
  assert.deepEqual(await asked((own) => own.list(), devices), [["GET", PATH], devices]);
});

test("one is signed out by its id, whatever that is", async () => {
  const found = await asked((own) => own.signOut("a/b"), null);
  assert.deepEqual(found, [["DELETE", `${PATH}/a%2Fb`], undefined]);
});

test("the others are signed out and counted", async () => {
  const found = await asked((own) => own.signOutOthers(), { ended: 2 });
  assert.deepEqual(found, [["POST", `${PATH}/end-others`], 2]);
});
