// The client and what goes wrong around it: users that change, snapshots that come late.

import assert from "node:assert/strict";
import { after, beforeEach, mock, test } from "node:test";

import { jwt, requests, settle, sockets } from "./browser.mjs";

await import("../../realtime/static/realtime/connection.js"); // so that it is there at once
const { Client } = await import("../../realtime/static/realtime/client.js");
const { Inbox } = await import("../../realtime/static/realtime/inbox.js");

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

/** A client whose heard offsets are in `heard`. */
function make(options = {}) {
  const client = new Client({ share: false, getToken: () => jwt({ sub: "A" }), ...options });
  const heard = [];
  client.on("message", ({ stream, offset }) => stream && heard.push(offset));
  clients.push(client);
  return { client, heard };
}

async function connected(options, positions = { "user:1": 5 }) {
  const made = make(options);
  made.client.connect();
  await settle();
  sockets[0].greet(positions);
  return { ...made, socket: sockets[0] };
}

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

test("what the user before has asked for is not sent for the next", async () => {
  const { client } = make({ requestTimeoutMs: 10 });
  await assert.rejects(client.join("private:of-A"), { name: "TimeoutError" });
  client.reset();
  client.connect();
  await settle();
  sockets[0].greet({ "user:1": 5 });
  assert.deepEqual(sockets[0].sent, []);
});

test("an inbox forgets its user with the client", async () => {
  const { client, socket } = await connected();
  const inbox = new Inbox(client);
  socket.say({
    type: "notification",
    stream: "user:1",
    offset: 6,
    data: { id: "1", status: "unread", created_at: "2026" },
  });
  socket.say({ type: "notification_counts", data: { unread: 1, unseen: 1 } });
  assert.equal(inbox.items.length, 1);
  client.reset();
  assert.deepEqual([inbox.items, inbox.counts], [[], { unread: 0, unseen: 0 }]);
});

test("a state that overtakes the page it belongs to is kept", async () => {
  const { client, socket } = await connected();
  const inbox = new Inbox(client);
  const loading = inbox.load();
  await settle();
  socket.say({
    type: "notification_updated",
    stream: "user:1",
    offset: 6,
    data: { notifications: [{ id: "1", status: "read", notification: null }] },
  });
  requests[0]({ results: [{ id: "1", status: "unread", created_at: "2026" }], next: null });
  await loading;
  assert.equal(inbox.items[0].status, "read");
});

test("events after a new epoch are judged by its snapshot, not by the old positions", async () => {
  const { socket, heard } = await connected({}, { "user:1": 500 });
  socket.resync("epoch", 3, "two");
  await settle();
  socket.event(4);
  requests[0]({ positions: { "user:1": 3 }, epoch: "two" });
  await settle();
  socket.event(5);
  assert.deepEqual(heard, [4, 5]);
});

test("what was held back of the old epoch does not count in the new one", async () => {
  const { socket, heard, client } = await connected();
  socket.resync("trimmed", 499);
  socket.event(500);
  socket.resync("epoch", 3, "two");
  socket.event(4);
  await settle();
  requests[0]({ positions: { "user:1": 500 }, epoch: "one" });
  await settle();
  requests[1]({ positions: { "user:1": 3 }, epoch: "two" });
  await settle();
  socket.event(5);
  assert.deepEqual([heard, client.positions], [[4, 5], { "user:1": 5 }]);
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

test("an answer that is no snapshot is not handed over", async () => {
  const { socket, client } = await connected();
  let resyncs = 0;
  client.on("resync", () => resyncs++);
  socket.resync("trimmed", 9);
  await settle();
  requests[0](null);
  while (requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 10)); // within the backoff
  requests[1]({ positions: { "user:1": 9 }, epoch: "one" });
  await settle();
  assert.equal(resyncs, 1);
});

test("a snapshot that is not there is said, for as long as it is asked for again", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { socket, client, heard } = await connected();
  const changes = [];
  client.on("state", ({ state, reason, retryInMs }) =>
    changes.push([state, reason, retryInMs !== null]),
  );
  socket.resync("trimmed", 9);
  socket.event(10);
  const waits = ["connecting", "There is no snapshot. The server answered 404.", true];
  for (const number of [0, 1, 2]) {
    await settle();
    assert.deepEqual([requests.length, changes], [number + 1, Array(number).fill(waits)]);
    requests[number]({}, 404);
    await settle();
    mock.timers.tick(30_000);
  }
  assert.ok(client.greeting); // the socket is open all the time
  await settle();
  requests[3]({ positions: { "user:1": 9 }, epoch: "one" });
  await settle();
  assert.deepEqual(changes, [waits, waits, waits, ["connected", "", false]]);
  assert.deepEqual([heard, sockets.length], [[10], 1]);
});

test("a snapshot that the server refuses to the user ends the connection", async () => {
  const { socket, client } = await connected();
  socket.resync("trimmed", 9);
  await settle();
  requests[0]({ detail: "No." }, 403);
  await settle();
  assert.deepEqual([client.state, socket.readyState], ["disconnected", 3]);
  await assert.rejects(client.listRooms(), {
    name: "DisconnectedError",
    code: 4403,
    reason: "No.",
  });
});

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

test("an inbox shows changed content, keeps it, and drops what is deleted", async () => {
  const { client, socket } = await connected();
  const inbox = new Inbox(client);
  const state = { id: "1", status: "unread", seen_at: null, read_at: null };
  const note = { id: "1", title: "Old", status: "unread", created_at: "2026" };
  let offset = 6;
  const update = (change) =>
    socket.say({
      type: "notification_updated",
      stream: "user:1",
      offset: offset++,
      data: { notifications: [{ ...state, ...change }] },
    });
  socket.say({ type: "notification", stream: "user:1", offset: offset++, data: note });
  update({ notification: { ...note, title: "New" } });
  assert.equal(inbox.items[0].title, "New");
  update({ status: "read" });
  assert.deepEqual([inbox.items[0].title, inbox.items[0].status], ["New", "read"]);
  update({ status: "archived", deleted: true });
  assert.deepEqual(inbox.items, []);
});

test("a page that was on its way brings back nothing that changed or was deleted", async () => {
  const { client, socket } = await connected();
  const inbox = new Inbox(client);
  const loading = inbox.load();
  await settle();
  const notifications = [
    {
      id: "1",
      status: "unread",
      notification: { id: "1", title: "New", status: "unread", created_at: "2026" },
    },
    { id: "2", status: "archived", deleted: true },
  ];
  socket.say({
    type: "notification_updated",
    stream: "user:1",
    offset: 6,
    data: { notifications },
  });
  const old = (id) => ({ id, title: "Old", status: "unread", created_at: "2026" });
  requests[0]({ results: [old("1"), old("2")], next: null });
  await loading;
  assert.deepEqual(
    inbox.items.map(({ title }) => title),
    ["New"],
  );
});

test("an inbox that is made late begins with the counts that were said before it", async () => {
  const { client, socket } = await connected();
  socket.say({ type: "notification_counts", data: { unread: 3, unseen: 2 } });
  const inbox = new Inbox(client);
  assert.deepEqual(inbox.counts, { unread: 3, unseen: 2 });
  client.reset();
  assert.equal(client.counts, null);
  assert.deepEqual(new Inbox(client).counts, { unread: 0, unseen: 0 });
});

test("the counts of a snapshot are those of an inbox that is made after it", async () => {
  const { client } = make({ snapshot: true });
  client.connect();
  await settle();
  requests[0]({ positions: { "user:1": 5 }, epoch: "one", counts: { unread: 4, unseen: 0 } });
  await settle();
  assert.deepEqual(new Inbox(client).counts, { unread: 4, unseen: 0 });
});

test("a notification that is an event only is announced and not listed", async () => {
  const { client, socket } = await connected();
  const inbox = new Inbox(client);
  const arrived = [];
  inbox.addEventListener("arrived", ({ detail }) => arrived.push(detail.id));
  const data = { status: "unread", created_at: "2026" };
  socket.say({
    type: "notification",
    stream: "user:1",
    offset: 6,
    data: { id: "7f3a", stored: false, ...data },
  });
  socket.say({ type: "notification", stream: "user:1", offset: 7, data: { id: "8", ...data } });
  assert.deepEqual([arrived, inbox.items.map(({ id }) => id)], [["7f3a", "8"], ["8"]]);
});

test("what waits for a connection is refused at once when nobody is logged in", async () => {
  const { client } = make({ getToken: () => null, snapshot: true, requestTimeoutMs: 500 });
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

test("what waits while disconnect() ends it is refused, and what is asked after it waits", async () => {
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
