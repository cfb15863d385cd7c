// Snapshots: what is handed over around them, and what happens while there is none.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { requests, settle, sockets } from "./browser.mjs";
import { connected } from "./clients.mjs";

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

test("events held back in the old epoch do not count in the new one", async () => {
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

test("a snapshot that cannot be had is reported for as long as it is asked for", async () => {
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

test("a snapshot that many take at once is asked for when the server says", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { socket, client, heard } = await connected();
  const about = { position: { offset: 3 }, epoch: "two", snapshot: "/s", reason: "epoch" };
  for (const [stream, after] of [
    ["user:1", 4000],
    ["announcements", 9000],
  ])
    socket.say({
      type: "resync_required",
      data: { ...about, stream, snapshot_after_ms: after },
    });
  socket.event(4);
  await settle();
  mock.timers.tick(3999);
  await settle();
  assert.equal(requests.length, 0);
  mock.timers.tick(1);
  await settle();
  assert.equal(requests.length, 1); // one for both
  requests[0]({ positions: { "user:1": 3 }, epoch: "two" });
  await settle();
  assert.deepEqual([heard, client.state], [[4], "connected"]);
  mock.timers.reset();
});
