// A connection that ends and comes back: when, and with which positions, rooms and filter.

import assert from "node:assert/strict";
import { after, mock, test } from "node:test";
import { TimeoutError } from "../../realtime/static/realtime/parts.js";
import { jwt, requests, settle, sockets, withClock } from "./browser.mjs";
import { connected, endAll, make } from "./clients.mjs";

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

test("a browser that always says it is offline still reconnects", async () => {
  Object.defineProperty(globalThis, "navigator", { value: { onLine: false }, configurable: true });
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { client } = make();
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

test("after an end by itself, connect() begins anew and loses nothing", async () => {
  const { socket, heard, client } = await connected();
  let resyncs = 0;
  client.on("resync", () => resyncs++);
  socket.resync("trimmed", 9);
  socket.event(10);
  await settle();
  socket.end(4403);
  assert.equal(client.state, "disconnected");
  client.connect();
  await settle();
  requests.at(-1)({ positions: { "user:1": 10 }, epoch: "one" });
  await settle();
  assert.equal(sockets.at(-1).url.searchParams.get("since"), "user:1:10");
  sockets.at(-1).greet({ "user:1": 10 });
  sockets.at(-1).event(11);
  assert.deepEqual([resyncs, heard], [1, [11]]);
});

// -- gaps

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

// -- filters

test("a filter that changes within a round trip is what was asked for last", async () => {
  const { socket, client } = await connected({ types: ["payment"] });
  const answer = (message, types) =>
    socket.say({ type: "subscription_updated", id: message.id, data: { types } });
  const asked = [client.subscribe(["security"]), client.unsubscribe(["security"])];
  answer(socket.sent[0], ["payment", "security"]);
  asked.push(client.subscribe(["security"]));
  answer(socket.sent[1], ["payment"]);
  answer(socket.sent[2], ["payment", "security"]);
  await Promise.all(asked);
  assert.deepEqual(
    socket.sent.map(({ type }) => type.split("_")[0]),
    ["subscribe", "unsubscribe", "subscribe"],
  );
});

test("a type that was refused is not asked for in the next address", async () => {
  const { socket, client } = await connected();
  const refused = assert.rejects(client.subscribe(["typo"]), { name: "ServerError" });
  socket.say({
    type: "error",
    id: socket.sent[0].id,
    data: { code: "invalid_message", message: "no", retryable: false },
  });
  await refused;
  socket.end(1006);
  client.reconnect();
  await settle();
  assert.equal(sockets[1].url.searchParams.get("types"), null);
});

test("after a filter that was refused, a hole is a gap as before", async () => {
  const { socket, client } = await connected();
  const refused = assert.rejects(client.subscribe(["typo"]), { name: "ServerError" });
  socket.say({
    type: "error",
    id: socket.sent[0].id,
    data: { code: "invalid_message", message: "no", retryable: false },
  });
  await refused;
  socket.event(7);
  assert.deepEqual([client.state, client.stats.gaps], ["connecting", 1]);
});

test("a filter that ended while away leaves no hole in the next connection", async () => {
  const { socket, client } = await connected({ types: ["payment"] });
  socket.end(1006);
  await client.unsubscribe();
  client.reconnect();
  await settle();
  assert.equal(sockets[1].url.searchParams.get("types"), null);
  sockets[1].greet({ "user:1": 5 });
  sockets[1].event(7);
  assert.equal(client.stats.gaps, 1);
});

// -- rooms

test("a join that timed out does not join later", async () => {
  const { client } = make({ requestTimeoutMs: 10 });
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

test("a room that was left while away is left, and another's error stays one", async () => {
  const { socket, client } = await connected();
  socket.end(1006);
  const left = client.leave("market:crypto");
  const refused = client.join("private:of-B");
  client.reconnect();
  await settle();
  sockets.at(-1).greet({ "user:1": 5 });
  for (const { id, type, rooms } of sockets.at(-1).sent) {
    if (!rooms) continue;
    const code = type === "leave_room" ? "not_joined" : "unknown_room";
    sockets.at(-1).say({ type: "error", id, data: { code, message: "", retryable: false } });
  }
  assert.deepEqual(await left, []);
  await assert.rejects(refused, { code: "unknown_room" });
  const again = client.leave("market:crypto");
  const { id } = sockets.at(-1).sent.at(-1);
  sockets
    .at(-1)
    .say({ type: "error", id, data: { code: "not_joined", message: "", retryable: false } });
  await assert.rejects(again, { code: "not_joined" });
});

test(
  "a tab that is woken after hours asks once for a token, however slow, and comes back with it",
  withClock(async (pass) => {
    const show = page();
    const asked = [];
    const fresh = () => jwt({ sub: "A", exp: Date.now() / 1000 + 900 });
    let give;
    const getToken = ({ reason }) => {
      asked.push(reason);
      return asked.length === 1 ? fresh() : new Promise((resolve) => (give = resolve));
    };
    const { client, socket } = await connected({ getToken });
    show(true);
    mock.timers.setTime(Date.now() + 7_200_000); // asleep: no timer ran, and the token has ended
    show(false);
    socket.end(1006);
    for (let turn = 0; turn < 10; turn++) {
      pass(30_000);
      client.reconnect(); // as a page does that grows impatient
      await settle();
    }
    assert.deepEqual([asked, sockets.length], [["connect", "connect"], 1]);
    const token = fresh();
    give(token);
    await settle();
    assert.deepEqual(sockets.map(({ protocols }) => protocols[1]).slice(1), [`bearer.${token}`]);
    sockets[1].greet({ "user:1": 5 });
    pass(60_000);
    await settle();
    assert.deepEqual([client.state, asked.length, sockets.length], ["connected", 2, 2]);
  }),
);
