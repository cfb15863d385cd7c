// The parts of a connection: acknowledgements, the heartbeat, requests and their answers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Acks, Heartbeat, Requests } from "../../realtime/static/realtime/connection.js";
import { Rooms, ServerError, TimeoutError } from "../../realtime/static/realtime/parts.js";
import { withClock } from "./browser.mjs";

test(
  "acknowledgements are gathered: the newest of each stream, once a second",
  withClock((tick) => {
    const sent = [];
    const acks = new Acks((message) => sent.push(message));
    for (let offset = 1; offset <= 100; offset++) acks.put("user:1", offset);
    acks.put("announcements", 3);
    assert.deepEqual(sent, []);
    tick(1000);
    assert.deepEqual(sent, [
      { type: "ack", stream: "user:1", offset: 100 },
      { type: "ack", stream: "announcements", offset: 3 },
    ]);
    acks.put("user:1", 90);
    tick(5000);
    assert.equal(sent.length, 2);
    acks.restart("user:1", 200);
    acks.put("user:1", 200);
    acks.put("user:1", 201);
    acks.flush();
    assert.deepEqual(sent.at(-1), { type: "ack", stream: "user:1", offset: 201 });
  }),
);

test(
  "an acknowledgement that could not be sent waits for the next connection",
  withClock((tick) => {
    let isOpen = false;
    const sent = [];
    const acks = new Acks((message) => isOpen && sent.push(message));
    acks.put("s", 1);
    tick(1000);
    isOpen = true;
    acks.flush();
    assert.deepEqual(sent, [{ type: "ack", stream: "s", offset: 1 }]);
  }),
);

test(
  "silence, a ping, silence: dead",
  withClock((tick) => {
    const said = [];
    const heartbeat = new Heartbeat({
      ping: () => said.push("ping"),
      dead: () => said.push("dead"),
      now: () => Date.now(),
    });
    heartbeat.start(20_000);
    tick(19_999);
    assert.deepEqual(said, []);
    tick(1);
    assert.deepEqual(said, ["ping"]);
    tick(4999);
    assert.deepEqual(said, ["ping"]);
    tick(1);
    assert.deepEqual(said, ["ping", "dead"]);
  }),
);

test(
  "any traffic is a sign of life, and needs no ping",
  withClock((tick) => {
    const said = [];
    const heartbeat = new Heartbeat({
      ping: () => said.push("ping"),
      dead: () => said.push("dead"),
      now: () => Date.now(),
    });
    heartbeat.start(20_000);
    for (let second = 0; second < 120; second++) {
      tick(1000);
      heartbeat.heard();
    }
    assert.deepEqual(said, []);
    heartbeat.stop();
    tick(60_000);
    assert.deepEqual(said, []);
  }),
);

test(
  "a request resolves by its id, and rejects with the server's error",
  withClock(async () => {
    const sent = [];
    const requests = new Requests({ timeoutMs: 1000, send: (message) => sent.push(message) });
    const [one, two] = [requests.ask({ type: "ping" }), requests.ask({ type: "list_rooms" })];
    requests.answered({
      type: "error",
      id: sent[1].id,
      data: { code: "internal", message: "no", retryable: true },
    });
    requests.answered({ type: "pong", id: "another", data: {} });
    requests.answered({ type: "pong", id: sent[0].id, data: { positions: {} } });
    assert.equal((await one)[0].type, "pong");
    await assert.rejects(
      two,
      (error) => error instanceof ServerError && error.code === "internal" && error.retryable,
    );
  }),
);

test(
  "several rooms have as many answers, of which one may be an error",
  withClock(async () => {
    const sent = [];
    const requests = new Requests({ timeoutMs: 1000, send: (message) => sent.push(message) });
    const rooms = new Rooms();
    const command = { type: "join_room", rooms: ["a", "b"], rate: "1s" };
    const asking = rooms.follow(command, requests.ask(command));
    assert.deepEqual(
      [...rooms],
      [
        ["a", "1s"],
        ["b", "1s"],
      ],
    );
    const { id } = sent[0];
    requests.answered({ type: "room_joined", id, room: "a", data: { room: "a" } });
    assert.equal(requests.open.length, 1);
    requests.answered({
      type: "error",
      id,
      data: { code: "unknown_room", message: "b", retryable: false, rooms: ["b"] },
    });
    await assert.rejects(asking, ServerError);
    assert.deepEqual([...rooms.keys()], ["a"]); // b will not be asked for again
    assert.deepEqual(rooms.commands(), [{ type: "join_room", rooms: ["a"], rate: "1s" }]);
  }),
);

test(
  "one error may answer several rooms, and one that names none answers all",
  withClock(async () => {
    const sent = [];
    const requests = new Requests({ timeoutMs: 1000, send: (message) => sent.push(message) });
    const command = { type: "join_room", rooms: ["a", "b", "c"] };
    const some = requests.ask(command);
    requests.answered({ type: "room_joined", id: sent[0].id, room: "b", data: { room: "b" } });
    assert.equal(requests.open.length, 1);
    const error = { code: "unknown_room", message: "", retryable: false };
    requests.answered({ type: "error", id: sent[0].id, data: { ...error, rooms: ["a", "c"] } });
    await assert.rejects(
      some,
      ({ code, joined }) =>
        code === "unknown_room" && joined.includes("b") && !joined.includes("a"),
    );
    const all = requests.ask(command);
    requests.answered({ type: "error", id: sent[1].id, data: error });
    await assert.rejects(all, ServerError);
  }),
);

test(
  "without an answer it is a time-out, and after a reconnect it is asked again",
  withClock(async (tick) => {
    const sent = [];
    const requests = new Requests({ timeoutMs: 1000, send: (message) => sent.push(message) });
    const asking = requests.ask({ type: "ping" });
    requests.sendAll();
    assert.equal(sent.length, 2);
    assert.equal(sent[0].id, sent[1].id);
    tick(1000);
    await assert.rejects(asking, TimeoutError);
    requests.sendAll();
    assert.equal(sent.length, 2);
  }),
);
