// The client where browsers and servers are not as one would like: no page, no network that says so, a prefix, a place that others took.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, beforeEach, mock, test } from "node:test";
import { promisify } from "node:util";

import { jwt, requests, settle, sockets } from "./browser.mjs";

await import("../../realtime/static/realtime/connection.js"); // so that it is there at once
const { Client } = await import("../../realtime/static/realtime/client.js");
const { exclusively, Rooms, TimeoutError } = await import(
  "../../realtime/static/realtime/parts.js"
);

const STATIC = new URL("../../realtime/static/realtime/", import.meta.url);
const clients = [];
const endAll = () => {
  for (const client of clients.splice(0)) client.disconnect();
};
after(endAll);
beforeEach(() => {
  mock.timers.reset(); // of a test that failed
  endAll();
  sockets.length = requests.length = 0;
});

function make(options = {}) {
  const client = new Client({ share: false, getToken: () => jwt({ sub: "A" }), ...options });
  clients.push(client);
  return client;
}

async function connected(options, positions = { "user:1": 5 }) {
  const client = make(options);
  client.connect();
  await settle();
  sockets[0].greet(positions);
  return { client, socket: sockets[0] };
}

/** Let a page change between shown and hidden, as the client hears of it. */
function page() {
  const document = Object.assign(new EventTarget(), { hidden: false });
  globalThis.document = document;
  after(() => delete globalThis.document);
  return (hidden) => {
    document.hidden = hidden;
    document.dispatchEvent(new Event("visibilitychange"));
  };
}

// -- without a page

test("without window or document, every file can be imported and a client be made", async () => {
  const code = `
    for (const name of ["client", "inbox", "bell", "words", "icons", "shared", "device"]) await import(new URL(name + ".js", "${STATIC}"));
    const { Client } = await import(new URL("client.js", "${STATIC}"));
    const { Inbox } = await import(new URL("inbox.js", "${STATIC}"));
    new Client();
    const client = new Client({ getToken: () => "t" });
    new Inbox(client);
    try { client.connect(); } catch ({ name, message }) { console.log(name, message); }
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "--eval",
    code,
  ]);
  assert.equal(
    stdout.trim(),
    "TypeError There is no page to take the server from: give the option `url`.",
  );
});

test("a WebSocket that is handed in is used, and its errors are heard", async () => {
  const made = [];
  class Mine {
    constructor(url, protocols) {
      made.push([String(url), protocols.length, this]);
    }
    close() {}
  }
  const client = make({ url: "wss://example.com/ws/notifications", WebSocket: Mine, share: true });
  client.connect();
  await settle();
  const [[url, protocols, socket]] = made;
  assert.deepEqual([url, protocols, sockets.length], ["wss://example.com/ws/notifications", 2, 0]);
  assert.equal(typeof socket.onerror, "function"); // an emitter without it would throw
});

// -- where the API is

test("the API is asked below the path that the socket is below", async () => {
  const asked = [];
  mock.method(globalThis, "fetch", async (url) => {
    asked.push(String(url));
    return { ok: true, json: async () => ({}) };
  });
  for (const [options, base] of [
    [{ url: "wss://example.com/ws/notifications" }, "https://example.com"],
    [{ url: "wss://example.com/money/ws/notifications" }, "https://example.com/money"],
    [{ url: "http://example.com:81/a/b/ws/notifications" }, "http://example.com:81/a/b"],
    [{ url: "wss://example.com/api/ws/notifications" }, "https://example.com/api"],
    [{ url: "wss://live.example.com/socket" }, "https://live.example.com"],
    [
      { url: "wss://live.example.com/x/ws/notifications", apiUrl: "https://example.com/money/" },
      "https://example.com/money",
    ],
    [{ url: "/money/ws/notifications" }, "http://127.0.0.1/money"],
    [{}, "http://127.0.0.1"],
  ]) {
    await make(options).api("GET", "/api/v1/snapshot");
    assert.equal(asked.pop(), `${base}/api/v1/snapshot`);
  }
  mock.restoreAll();
});

// -- a place that others took, a network that is said to be away

test("a connection that others replaced comes back when its page is looked at, and only then", async () => {
  const show = page();
  mock.timers.enable({ apis: ["setTimeout"] });
  const { client, socket } = await connected();
  const changes = [];
  client.on("state", ({ state, code, retryInMs }) => changes.push([state, code, retryInMs]));
  socket.end(4409);
  mock.timers.tick(3_600_000);
  await settle();
  assert.deepEqual([changes, sockets.length], [[["connecting", 4409, null]], 1]);
  show(true);
  await settle();
  assert.equal(sockets.length, 1);
  show(false);
  await settle();
  sockets[1].greet({ "user:1": 5 });
  assert.deepEqual([client.state, sockets.length], ["connected", 2]);
  sockets[1].end(4409);
  client.reconnect(); // as a button of the page does
  await settle();
  assert.equal(sockets.length, 3);
  endAll();
  mock.timers.reset();
});

test("a browser that says for ever that it is offline is tried all the same", async () => {
  Object.defineProperty(globalThis, "navigator", { value: { onLine: false }, configurable: true });
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const client = make();
    const waits = [];
    client.on("state", ({ retryInMs }) => retryInMs !== null && waits.push(retryInMs));
    client.connect();
    await settle();
    sockets[0].end(1006);
    assert.equal(waits.length, 1);
    assert.ok(waits[0] >= 15_000 && waits[0] <= 30_000, `${waits}`);
    mock.timers.tick(30_000);
    await settle();
    assert.equal(sockets.length, 2);
    sockets[1].greet({ "user:1": 5 });
    assert.equal(client.state, "connected");
  } finally {
    mock.timers.reset();
    delete globalThis.navigator;
  }
});

// -- a worker for all tabs

test("a worker's name has the version, and one of another version is refused", async () => {
  const { share } = await import("../../realtime/static/realtime/shared.js");
  const { VERSION } = await import("../../realtime/static/realtime/version.js");
  const names = [];
  globalThis.SharedWorker = class {
    port = {
      postMessage: () =>
        this.port.onmessage({ data: { is: "hello", lock: "", version: "of yesterday" } }),
      close() {},
    };
    constructor(url, { name, type }) {
      names.push([JSON.parse(name)[0], type, String(url).split("/").at(-1)]);
    }
  };
  const options = { url: "wss://example.com/ws/notifications", tokenIn: "query", device: "" };
  await assert.rejects(share(options, jwt({ sub: "A", jti: "1" })), /another version/);
  await assert.rejects(
    share({ ...options, workerUrl: "/mine.js" }, jwt({ sub: "A", jti: "1" })),
    /another version/,
  );
  assert.deepEqual(names, [
    [VERSION, "module", "worker.js"],
    [VERSION, "module", "mine.js"],
  ]);
  delete globalThis.SharedWorker;
});

// -- rooms

test("a join that timed out does not join later", async () => {
  const client = make({ requestTimeoutMs: 10 });
  await assert.rejects(client.join("market:crypto"), TimeoutError); // there was no connection yet
  client.connect();
  await settle();
  sockets[0].greet({ "user:1": 5 });
  await settle();
  assert.deepEqual(sockets[0].sent, []);
  await assert.rejects(client.join(["market:stocks", "market:forex"]), TimeoutError); // nobody answered
  sockets[0].end(1006);
  client.reconnect();
  await settle();
  sockets[1].greet({ "user:1": 5 });
  await settle();
  assert.deepEqual(sockets[1].sent, []);
});

test("an answer to a join that has timed out is answered by leaving", async () => {
  const { client, socket } = await connected({ requestTimeoutMs: 10 });
  await assert.rejects(client.join("market:crypto"), TimeoutError);
  socket.say({
    type: "room_joined",
    id: socket.sent[0].id,
    room: "market:crypto",
    data: { room: "market:crypto", rate: "realtime" },
  });
  const { type, room } = socket.sent[1];
  assert.deepEqual([type, room], ["leave_room", "market:crypto"]);
  client.sendText(JSON.stringify({ type: "join_room", room: "market:forex" })); // by hand it may be joined
  socket.say({
    type: "room_joined",
    room: "market:forex",
    data: { room: "market:forex", rate: "realtime" },
  });
  assert.equal(socket.sent.length, 3);
});

test("a join that fails leaves the room as it was; of several, the last decides", async () => {
  const rooms = new Rooms();
  const join = (rate) => ({ type: "join_room", room: "r", rate });
  const refused = Object.assign(new Error("no"), { retryable: false });
  await rooms.follow(join("1s"), Promise.resolve([]));
  await assert.rejects(rooms.follow(join("5s"), Promise.reject(new TimeoutError("late"))));
  assert.deepEqual([...rooms], [["r", "1s"]]);
  await assert.rejects(rooms.follow(join("1s"), Promise.reject(refused)));
  assert.deepEqual([...rooms], []);
  // Two at once: neither has an answer, so neither joins.
  await Promise.allSettled([
    rooms.follow(join("1s"), Promise.reject(new TimeoutError("late"))),
    rooms.follow(join("5s"), Promise.reject(new TimeoutError("late"))),
  ]);
  assert.deepEqual([...rooms], []);
  // The first succeeds, and the second, which would make it faster, does not.
  await Promise.allSettled([
    rooms.follow(join("5s"), Promise.resolve([])),
    rooms.follow(join("1s"), Promise.reject(new TimeoutError("late"))),
  ]);
  assert.deepEqual([...rooms], [["r", "5s"]]);
  // It is left before the answer comes.
  const joining = rooms.follow(join("5s"), Promise.resolve([]));
  await rooms.follow({ type: "leave_room", room: "r" }, Promise.resolve([]));
  await joining;
  assert.deepEqual([...rooms], []);
});

// -- a hole at the end of a stream

test("a pong that is ahead of what came is a gap: it comes back and resumes", async () => {
  const { client, socket } = await connected();
  const pong = (offset) =>
    socket.say({ type: "pong", data: { positions: { "user:1": { offset, epoch: "one" } } } });
  socket.event(6);
  pong(6);
  assert.equal(client.state, "connected");
  pong(7);
  assert.deepEqual([client.state, client.stats.gaps], ["connecting", 1]);
  client.reconnect();
  await settle();
  assert.equal(sockets[1].url.searchParams.get("since"), "user:1:6");
});

test("with a filter, a pong ahead is where the stream stands, and no gap", async () => {
  const { client, socket } = await connected(
    { types: ["payment"] },
    { "user:1": 5, announcements: 2 },
  );
  const pong = (positions) => socket.say({ type: "pong", data: { positions } });
  pong({ "user:1": { offset: 9, epoch: "one" }, announcements: { offset: 2, epoch: "one" } });
  assert.equal(client.state, "connected");
  socket.event(9); // had been filtered, says the pong: it is not expected
  assert.equal(client.stats.duplicates, 1);
  pong({ announcements: { offset: 3, epoch: "one" } }); // a notification to everybody
  assert.deepEqual([client.state, client.stats.gaps], ["connected", 0]);
});

// -- one renewal at a time

test("who takes turns without Web Locks waits for the one before, whatever became of it", async () => {
  const order = [];
  const act = (name, fails) => async () => {
    order.push(`${name} begins`);
    await settle();
    order.push(`${name} ends`);
    if (fails) throw new Error(name);
    return name;
  };
  const turns = await Promise.allSettled([
    exclusively("x", act("one", true)),
    exclusively("x", act("two")),
    exclusively("y", act("other")),
  ]);
  assert.deepEqual(
    turns.map(({ value, reason }) => value ?? reason.message),
    ["one", "two", "other"],
  );
  assert.ok(order.indexOf("one ends") < order.indexOf("two begins"));
  assert.ok(order.indexOf("other begins") < order.indexOf("one ends"));
});

test("a lock that is never given is not waited for", async () => {
  mock.method(AbortSignal, "timeout", () => AbortSignal.abort("too long"));
  Object.defineProperty(globalThis, "navigator", {
    value: {
      locks: {
        request: (_, { signal }) =>
          signal.aborted ? Promise.reject(signal.reason) : new Promise(() => {}),
      },
    },
    configurable: true,
  });
  try {
    let calls = 0;
    assert.equal(await exclusively("x", () => ++calls), 1);
  } finally {
    delete globalThis.navigator;
    mock.restoreAll();
  }
});

test("two clients of one page do not ask for a token at once", async () => {
  let open = 0;
  let most = 0;
  const getToken = async () => {
    most = Math.max(most, ++open);
    await settle();
    open--;
    return jwt({ sub: "A" });
  };
  for (const client of [make({ getToken }), make({ getToken })]) client.connect();
  for (let turn = 0; turn < 20 && sockets.length < 2; turn++) await settle();
  assert.deepEqual([sockets.length, most], [2, 1]);
});
