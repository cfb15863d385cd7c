// The client of an application: its tokens, its requests, a page or none.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mock, test } from "node:test";
import { promisify } from "node:util";
import { jwt, requests, settle, sockets, withClock } from "./browser.mjs";
import { connected, make } from "./clients.mjs";

const { Handled, Tokens } = await import("../../realtime/static/realtime/client.js");
const STATIC = new URL("../../realtime/static/realtime/", import.meta.url);

test("a stream is handled up to the first event with an open handler", () => {
  const handled = new Handled();
  for (const offset of [1, 2, 3]) handled.begin("s", offset);
  assert.equal(handled.end("s", 2, true), 0); // 1 is still open
  assert.equal(handled.end("s", 1, true), 2);
  assert.equal(handled.end("s", 3, false), 2); // 3 failed
  handled.begin("s", 4);
  assert.equal(handled.end("s", 4, true), 4);
});

// -- tokens

test(
  "a token is kept until shortly before its end, and asked for once by all who need it",
  withClock(async (tick) => {
    const asked = [];
    const tokens = new Tokens(async ({ reason }) => {
      asked.push(reason);
      return jwt({ exp: Date.now() / 1000 + 60 });
    });
    const [one, two] = await Promise.all([tokens.get("connect"), tokens.get("connect")]);
    assert.equal(one, two);
    await tokens.get("connect");
    assert.deepEqual(asked, ["connect"]);
    await tokens.get("refused");
    tick(55_000);
    await tokens.get("connect");
    assert.deepEqual(asked, ["connect", "refused", "connect"]);
  }),
);

test("a token that is neither a string nor null is an error that says so", async () => {
  for (const [given, name] of [
    [{ access: "t" }, "object"],
    [undefined, "undefined"],
  ]) {
    const tokens = new Tokens(async () => given);
    await assert.rejects(tokens.get("connect"), {
      name: "TypeError",
      message: `getToken gave ${name}, not a string or null.`,
    });
  }
  assert.equal(await new Tokens(() => null).get("connect"), "");
});

test("a token that comes late does not serve the next user", async () => {
  let user = "A";
  const slow = [];
  const { client } = make({
    getToken: () =>
      user === "A" ? new Promise((resolve) => slow.push(resolve)) : jwt({ sub: "B" }),
  });
  client.connect();
  await settle();
  client.reset();
  user = "B";
  client.connect();
  await settle();
  slow[0](jwt({ sub: "A" }));
  await settle();
  assert.deepEqual(
    sockets.map(({ protocols }) => protocols[1]),
    [`bearer.${jwt({ sub: "B" })}`],
  );
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
  for (const { client } of [make({ getToken }), make({ getToken })]) client.connect();
  for (let turn = 0; turn < 20 && sockets.length < 2; turn++) await settle();
  assert.deepEqual([sockets.length, most], [2, 1]);
});

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
  const { client } = make({
    url: "wss://example.com/ws/notifications",
    WebSocket: Mine,
    share: true,
  });
  client.connect();
  await settle();
  const [[url, protocols, socket]] = made;
  assert.deepEqual([url, protocols, sockets.length], ["wss://example.com/ws/notifications", 2, 0]);
  assert.equal(typeof socket.onerror, "function"); // an emitter without it would throw
});

// -- the HTTP API

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
    await make(options).client.api("GET", "/api/v1/snapshot");
    assert.equal(asked.pop(), `${base}/api/v1/snapshot`);
  }
  mock.restoreAll();
});

test("a request over HTTP carries the headers that it is given, and the client's own win", async () => {
  const { client } = make();
  const answer = client.api(
    "POST",
    "/api/v1/transactions",
    { amount: "1" },
    { "Idempotency-Key": "k1", Authorization: "x" },
  );
  await settle();
  const [request] = requests;
  assert.equal(request.options.headers["Idempotency-Key"], "k1");
  assert.ok(request.options.headers.Authorization.startsWith("Bearer "));
  request({ id: "1" });
  assert.deepEqual(await answer, { id: "1" });
});

// -- requests and the end of the connection

test("a request of the user before is not sent for the next", async () => {
  const { client } = make({ requestTimeoutMs: 10 });
  await assert.rejects(client.join("private:of-A"), { name: "TimeoutError" });
  client.reset();
  client.connect();
  await settle();
  sockets[0].greet({ "user:1": 5 });
  assert.deepEqual(sockets[0].sent, []);
});

test("a request that waits for a connection is refused at once when nobody is logged in", async () => {
  const { client } = make({ getToken: () => null, snapshot: true, requestTimeoutMs: 10_000 });
  const asked = client.join("market:crypto");
  client.connect();
  await assert.rejects(asked, {
    name: "DisconnectedError",
    code: 4401,
    reason: "nobody is logged in",
  });
  await assert.rejects(client.ping(), { name: "DisconnectedError" });
});

test("after a close that is final, requests are refused at once, until connect()", async () => {
  const { client, socket } = await connected();
  const asked = client.listRooms();
  socket.end(4403);
  const error = { name: "DisconnectedError", code: 4403, reason: "the connection broke" };
  await assert.rejects(asked, error);
  await assert.rejects(client.listRooms(), error);
  client.connect();
  await settle();
  const rooms = client.listRooms();
  sockets.at(-1).greet({ "user:1": 5 });
  sockets
    .at(-1)
    .say({ type: "rooms", id: sockets.at(-1).sent.at(-1).id, data: { rooms: [], joined: [] } });
  assert.deepEqual(await rooms, { rooms: [], joined: [] });
});

test("a request that waits during disconnect() is refused, and one after it waits", async () => {
  const { client } = make({ getToken: () => new Promise(() => {}), requestTimeoutMs: 10 });
  client.connect();
  const asked = client.join("market:crypto");
  client.disconnect();
  await assert.rejects(asked, {
    name: "DisconnectedError",
    code: 0,
    reason: "closed by the application",
  });
  await assert.rejects(client.listRooms(), { name: "TimeoutError" });
});
