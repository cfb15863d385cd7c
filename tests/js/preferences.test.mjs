// Preferences: versions, other devices, a user who is forgotten, and the browser's subscription.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Preferences,
  subscribePush,
  unsubscribePush,
} from "../../realtime/static/realtime/preferences.js";
import { requests, settle } from "./browser.mjs";
import { connected } from "./clients.mjs";

const said = (version, more = {}) => ({ version, cells: {}, matrix: [], ...more });
const asked = ({ options }) => [options.method, options.headers["If-Match"], options.body];

async function loaded() {
  const { client, socket } = await connected();
  const preferences = new Preferences(client);
  const loading = preferences.load();
  await settle();
  requests[0](said(3));
  await loading;
  return { client, socket, preferences };
}

test("a change names the version that it changes", async () => {
  const { preferences } = await loaded();
  const changing = preferences.set("all", "push", false);
  await settle();
  assert.deepEqual(asked(requests[1]), ["PATCH", '"3"', '{"cells":{"all":{"push":false}}}']);
  requests[1](said(4, { cells: { all: { push: false } } }));
  await changing;
  assert.equal(preferences.value.version, 4);
});

test("where another device was first, the newest is loaded and the change rejects", async () => {
  const { preferences } = await loaded();
  const changing = assert.rejects(preferences.change({ locale: "sw" }), { status: 412 });
  await settle();
  requests[1]({ detail: "by now", version: 5 }, 412);
  await settle();
  requests[2](said(5));
  await changing;
  assert.equal(preferences.value.version, 5);
});

test("what another device changes is loaded, once", async () => {
  const { socket, preferences } = await loaded();
  let changes = 0;
  preferences.addEventListener("change", () => changes++);
  for (const version of [3, 4])
    socket.say({
      type: "preferences_changed",
      stream: "user:1",
      offset: version + 3,
      data: said(version),
    });
  await settle();
  assert.equal(requests.length, 2);
  requests[1](said(4));
  await settle();
  assert.deepEqual([preferences.value.version, changes], [4, 1]);
});

test("an answer for a user who is forgotten is dropped", async () => {
  const { client, preferences } = await loaded();
  const loading = preferences.load();
  await settle();
  client.reset();
  requests[1](said(9));
  await loading;
  assert.equal(preferences.value, null);
});

test("consent is posted with its wording, and what holds is read again", async () => {
  const { preferences } = await loaded();
  const consenting = preferences.consent("marketing", "email", true, "Offers?");
  await settle();
  assert.deepEqual(JSON.parse(requests[1].options.body), {
    category: "marketing",
    channel: "email",
    granted: true,
    wording: "Offers?",
  });
  requests[1]({}, 201);
  await settle();
  requests[2](said(4));
  await consenting;
  assert.equal(preferences.value.version, 4);
});

/** A browser's registration, with the subscription it has, made with a key. */
function registration(key) {
  const made = (bytes) => ({
    options: { applicationServerKey: Uint8Array.from(bytes).buffer },
    toJSON: () => ({ endpoint: `https://push.example/${bytes}`, keys: { p256dh: "p", auth: "a" } }),
    unsubscribe: async () => {
      manager.subscription = null;
    },
  });
  const manager = {
    subscription: key && made(key),
    getSubscription: async () => manager.subscription,
    subscribe: async ({ applicationServerKey }) => {
      manager.subscription = made([...Buffer.from(applicationServerKey, "base64url")]);
      return manager.subscription;
    },
  };
  return { pushManager: manager };
}

for (const [name, before] of [
  ["a browser that has none subscribes", null],
  ["one that has is registered again as it is", [4, 5]],
  ["one of a key of before is made anew", [1, 1]],
])
  test(name, async () => {
    const { client } = await connected();
    const browser = registration(before);
    const subscribing = subscribePush(client, browser, { device: "tab" });
    await settle();
    requests[0]({ key_id: "k", public_key: "BAU" }); // 4, 5
    await settle();
    assert.deepEqual(JSON.parse(requests[1].options.body), {
      endpoint: "https://push.example/4,5",
      keys: { p256dh: "p", auth: "a" },
      key_id: "k",
      device: "tab",
      locale: "",
    });
    requests[1]({ id: "8" }, 201);
    assert.equal(await subscribing, "8");
    const leaving = unsubscribePush(client, browser, "8");
    await settle();
    assert.equal(requests[2].url.pathname, "/api/v1/push/subscriptions/8");
    requests[2](null, 204);
    await leaving;
    assert.equal(browser.pushManager.subscription, null);
  });
