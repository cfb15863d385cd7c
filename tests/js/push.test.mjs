// Push to a browser: its states, the subscription, a logout, and what is shown and may be closed.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { createPush } from "../../realtime/static/realtime/push.js";
import { requests, settle, sockets } from "./browser.mjs";
import { connected } from "./clients.mjs";

const SCOPE = "http://127.0.0.1/hoardrun-push/";
let browser;
globalThis.reportError = console.error;

/** The edge of a browser: a worker's registration, what is stored, and what is shown. */
function makeBrowser({ permission = "default", key = null } = {}) {
  const made = (bytes) => ({
    options: { applicationServerKey: Uint8Array.from(bytes).buffer },
    toJSON: () => ({ endpoint: `https://push.example/${bytes}`, keys: { p256dh: "p", auth: "a" } }),
    unsubscribe: async () => {
      browser.subscription = null;
    },
  });
  browser = {
    kept: new Map(),
    shown: [],
    closed: [],
    badges: [],
    asked: 0,
    workers: new EventTarget(),
    subscription: key && made(key),
  };
  const registration = {
    scope: SCOPE,
    active: { postMessage: ({ tags }) => browser.closed.push(...tags) },
    getNotifications: async () => browser.shown,
    pushManager: {
      getSubscription: async () => browser.subscription,
      subscribe: async ({ applicationServerKey }) => {
        browser.subscription = made([...Buffer.from(applicationServerKey, "base64url")]);
        return browser.subscription;
      },
    },
  };
  Object.assign(browser.workers, {
    startMessages() {},
    register: async (url, { scope }) => {
      browser.registered = [String(url), scope];
      return registration;
    },
    getRegistration: async () => (browser.registered ? registration : undefined),
  });
  Object.defineProperty(globalThis, "navigator", {
    configurable: true,
    value: {
      serviceWorker: browser.workers,
      languages: ["de", "sw-TZ", "en"],
      setAppBadge: async (count) => void browser.badges.push(count),
    },
  });
  globalThis.PushManager = class {};
  globalThis.Notification = {
    permission,
    requestPermission: async () => {
      browser.asked++;
      if (Notification.permission === "default") Notification.permission = "granted";
      return Notification.permission;
    },
  };
  const store = {
    put: async (name, response) => void browser.kept.set(name, await response.text()),
    delete: async (name) => browser.kept.delete(name),
  };
  globalThis.caches = {
    open: async () => store,
    match: async (name) =>
      browser.kept.has(name) ? new Response(browser.kept.get(name)) : undefined,
  };
}
beforeEach(() => makeBrowser());

/** What the server is asked next, and its answer. */
async function answer(body, status) {
  await settle();
  const request = requests.shift();
  request(body, status);
  await settle();
  const { method, body: text } = request.options;
  return [method, new URL(request.url).pathname, text && JSON.parse(text)];
}

async function turnedOn() {
  sockets.length = 0; // `connected` takes the first
  const { client, socket } = await connected();
  const push = createPush(client);
  const turning = push.turnOn();
  await answer({ key_id: "k", public_key: "BAU" }); // 4, 5
  const told = await answer({ id: "8", user: "1", renewal: "r" }, 201);
  return { client, socket, push, told, state: await turning };
}

/** Another user, in another tab. */
async function another() {
  sockets.length = 0;
  const { client } = await connected({}, { "user:2": 1 });
  return client;
}

test("a client has one, whoever asks for it", async () => {
  const { client } = await connected();
  assert.equal(createPush(client), createPush(client));
});

test("a browser without workers cannot, and one of iOS must install the page first", async () => {
  const { client } = await connected();
  const push = createPush(client);
  delete globalThis.PushManager;
  assert.equal(await push.state(), "unsupported");
  navigator.standalone = false;
  assert.equal(await push.state(), "install");
  assert.equal(await push.turnOn(), "install");
  assert.equal(requests.length, 0);
});

test("it is turned on by a gesture, which asks for permission once", async () => {
  const { push, told, state } = await turnedOn();
  assert.equal(state, "on");
  assert.deepEqual(browser.registered, ["http://127.0.0.1/push-worker.js", SCOPE]);
  const { device, ...rest } = told[2];
  assert.deepEqual([told[0], told[1]], ["POST", "/api/v1/push/subscriptions"]);
  assert.match(device, /^browser-[0-9a-f]{8}$/);
  assert.deepEqual(rest, {
    endpoint: "https://push.example/4,5",
    keys: { p256dh: "p", auth: "a" },
    key_id: "k",
    locale: "sw-TZ",
  });
  assert.equal(browser.asked, 1);
  assert.equal(await push.state(), "on");
});

test("who says no is asked no more, and told so", async () => {
  makeBrowser({ permission: "denied" });
  const { client } = await connected();
  const push = createPush(client);
  let changes = 0;
  push.onchange = () => changes++;
  assert.equal(await push.turnOn(), "denied");
  assert.equal(requests.length, 0);
  assert.equal(changes, 1);
});

test("a start registers it again, under the same name, also where the browser has lost it", async () => {
  const { push, told } = await turnedOn();
  browser.subscription = null;
  const renewing = push.renew();
  await answer({ key_id: "k", public_key: "BAU" });
  const again = await answer({ id: "9", user: "1", renewal: "r2" });
  await renewing;
  assert.equal(again[2].device, told[2].device);
  assert.ok(browser.subscription);
});

test("a subscription of a key of before is made anew", async () => {
  makeBrowser({ permission: "granted", key: [1, 1] });
  const { told } = await turnedOn();
  assert.equal(told[2].endpoint, "https://push.example/4,5");
});

test("a start renews nothing where it is off, or another user's", async () => {
  const { client } = await connected();
  await createPush(client).renew();
  await turnedOn();
  const push = createPush(await another());
  await settle();
  assert.equal(await push.state(), "off");
  await push.renew();
  assert.equal(requests.length, 0);
  assert.equal(JSON.parse(browser.kept.get(SCOPE)).user, "2"); // the worker tells them nothing
  assert.equal(JSON.parse(browser.kept.get(SCOPE)).owner, "1");
});

test("a logout leaves nothing behind, and needs no login", async () => {
  const { client } = await turnedOn();
  browser.shown = [{ tag: "5" }];
  client.reset();
  const left = await answer(null, 204);
  assert.deepEqual(left, ["POST", "/api/v1/push/leave", { token: "r" }]);
  assert.equal(browser.subscription, null);
  assert.deepEqual(browser.closed, ["5"]);
  assert.equal(browser.kept.size, 0);
  assert.equal(browser.badges.at(-1), 0);
});

test("the logout of another user leaves it on", async () => {
  await turnedOn();
  const client = await another();
  createPush(client);
  await settle();
  client.reset();
  await settle();
  assert.ok(browser.subscription);
  assert.equal(JSON.parse(browser.kept.get(SCOPE)).user, "1");
});

test("what is read elsewhere is closed, and all when nothing is unread", async () => {
  const { socket } = await turnedOn();
  browser.shown = ["5", "6", "digest-1"].map((tag) => ({ tag, data: { id: tag } }));
  const states = [
    { id: "5", status: "read" },
    { id: "6", status: "unread" },
  ];
  const updated = { type: "notification_updated", data: { notifications: states } };
  socket.event(6, updated);
  await settle();
  assert.deepEqual(browser.closed.splice(0), ["5"]);
  socket.say({ type: "notification_counts", data: { unread: 0, unseen: 0 } });
  await settle();
  assert.deepEqual(browser.closed, ["5", "6"]);
});

test("the badge is what the server says, never one more", async () => {
  const { socket } = await turnedOn();
  for (const unread of [3, 2, 0])
    socket.say({ type: "notification_counts", data: { unread, unseen: 0 } });
  await settle();
  assert.deepEqual(browser.badges, [3, 2, 0]);
});

test("the worker is told what this page has, of its own user only", async () => {
  const { socket, push } = await turnedOn();
  const answers = [];
  const ask = (data) => {
    const event = Object.assign(new Event("message"), {
      data,
      ports: [{ postMessage: (has) => answers.push(has) }],
    });
    browser.workers.dispatchEvent(event);
  };
  socket.event(6, { type: "notification", data: { id: "7" } });
  await settle();
  ask({ hoardrun: "has", user: "1", id: "7" });
  ask({ hoardrun: "has", user: "1", id: "8" });
  ask({ hoardrun: "has", user: "2", id: "7" });
  assert.deepEqual(answers, [true, false]);
  const opened = [];
  push.onopen = (one) => opened.push(one);
  ask({ hoardrun: "open", user: "1", id: "7", url: "/x" });
  ask({ hoardrun: "open", user: "2", id: "7", url: "/x" });
  assert.deepEqual(opened, [{ id: "7", url: "/x", action: "" }]);
});

test("a test is sent to this browser", async () => {
  const { push } = await turnedOn();
  const testing = push.test();
  const asked = await answer(null, 204);
  await testing;
  assert.deepEqual(asked, ["POST", "/api/v1/push/subscriptions/8/test", undefined]);
});
