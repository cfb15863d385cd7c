// The pure parts of the browser client, under Node's own runner: `node --test tests/js/`.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { mock, test } from "node:test";

import { Handled, Tokens } from "../../realtime/static/realtime/client.js";
import { Acks, Heartbeat, Requests } from "../../realtime/static/realtime/connection.js";
import {
  afterClose,
  backoff,
  claimsOf,
  delay,
  Emitter,
  FAILED,
  Positions,
  Rooms,
  ServerError,
  TimeoutError,
} from "../../realtime/static/realtime/parts.js";

const asyncapi = JSON.parse(
  await readFile(new URL("../../docs/protocol/asyncapi.json", import.meta.url)),
);

/** Run with a clock that only moves when it is told to. */
const withClock = (run) => async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_800_000_000_000 });
  try {
    await run((ms) => mock.timers.tick(ms));
  } finally {
    mock.timers.reset();
  }
};

const jwt = (claims) => `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;

// -- backoff and close codes

test("backoff is anywhere up to a limit that doubles, from the first try, to 30 s", () => {
  for (let attempt = 0; attempt < 20; attempt++) {
    const limit = Math.min(30_000, 500 * 2 ** attempt);
    assert.equal(
      backoff(attempt, () => 0),
      0,
    );
    assert.equal(
      backoff(attempt, () => 0.5),
      limit / 2,
    );
    assert.ok(backoff(attempt, () => 0.999999) <= limit);
  }
});

test("who fell together does not return together", () => {
  const waits = new Set(Array.from({ length: 1000 }, () => backoff(5)));
  assert.ok(waits.size > 900);
});

test("a hint of the server is kept to, and who came too often waits longer", () => {
  for (let run = 0; run < 100; run++) {
    const wait = delay(1012, 0, 5000);
    assert.ok(wait >= 5000 && wait <= 6000);
  }
  const longest = Math.max(...Array.from({ length: 200 }, () => delay(4429, 0)));
  assert.ok(longest > 500 && longest <= 8000);
});

test("every close code of the protocol means what the protocol says", () => {
  const codes = asyncapi["x-close-codes"];
  const entries = Array.isArray(codes)
    ? codes
    : Object.entries(codes).map(([code, about]) => ({ code: Number(code), ...about }));
  assert.ok(entries.length >= 12);
  for (const { code, ...about } of entries) {
    const next = JSON.stringify(about);
    const expected =
      Number(code) === 4401
        ? "renew"
        : Number(code) === 4409
          ? "wait"
          : next.includes("do not reconnect")
            ? "stop"
            : "retry";
    assert.equal(afterClose(Number(code)), expected, `${code} ${next}`);
  }
  for (const code of [1000, 1001, 1005, 1006, 1011]) assert.equal(afterClose(code), "retry");
});

// -- positions

// What both clients, this one and Python's, must make of the same events.
const cases = JSON.parse(
  await readFile(new URL("../realtime/client/positions.json", import.meta.url)),
);

for (const { name, at, steps, since } of cases) {
  test(name, () => {
    const positions = new Positions();
    positions.reset(at);
    for (const step of steps) {
      if ("connect" in step) positions.connect(step.connect);
      else if ("filter" in step) positions.filtered = step.filter;
      else if ("event" in step) {
        assert.equal(positions.judge(...step.event), step.is, JSON.stringify(step));
        if (step.is === "new") positions.advance(...step.event);
      } else {
        const told = Object.fromEntries(
          Object.entries(step.pong).map(([stream, offset]) => [stream, { offset }]),
        );
        assert.equal(positions.told(told) ?? null, step.misses, JSON.stringify(step));
      }
    }
    assert.equal(positions.since(), since);
  });
}

test("positions are taken from a snapshot as offsets or as positions", () => {
  const positions = new Positions();
  positions.reset({ "user:1": { offset: 5, epoch: "x" }, announcements: 2 }, "e");
  assert.deepEqual([positions.since(), positions.epoch], ["user:1:5,announcements:2", "e"]);
});

test("a greeting adds what is not known, and of another epoch replaces all", () => {
  const positions = new Positions();
  positions.reset({ "user:1": 5 }, "one");
  const greeting = {
    positions: { "user:1": { offset: 9 }, announcements: { offset: 2 } },
    epoch: "one",
  };
  assert.equal(positions.greeted(greeting), false);
  assert.deepEqual(positions.toJSON(), { "user:1": 5, announcements: 2 });
  assert.equal(positions.greeted({ ...greeting, epoch: "two" }), true);
  assert.deepEqual(positions.toJSON(), { "user:1": 9, announcements: 2 });
  assert.equal(new Positions().greeted(greeting), false);
});

test("any order of any repetition is handed over once and in order", () => {
  for (let seed = 1; seed <= 200; seed++) {
    let state = seed;
    const random = () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
    const positions = new Positions();
    positions.reset({ "user:1": 0 });
    const taken = [];
    while (taken.length < 50) {
      const offset = 1 + Math.floor(random() * (taken.length + 3));
      if (positions.judge("user:1", offset) !== "new") continue;
      positions.advance("user:1", offset);
      taken.push(offset);
    }
    assert.deepEqual(
      taken,
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
  }
});

// -- handlers and acknowledgements

test("a handler that throws is reported and stops nobody else", async () => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  const emitter = new Emitter();
  const seen = [];
  emitter.on("x", () => {
    throw new Error("one");
  });
  emitter.on("x", async () => {
    throw new Error("two");
  });
  const end = emitter.on("x", (value) => seen.push(value));
  const results = await Promise.all(emitter.emit("x", 1));
  assert.deepEqual(results, [FAILED, FAILED, 1]);
  end();
  emitter.emit("x", 2);
  assert.deepEqual(seen, [1]);
  await Promise.resolve();
  assert.deepEqual(reported.slice(0, 2), ["one", "two"]);
  delete globalThis.reportError;
});

test("a stream is handled up to what has no open handler before it", () => {
  const handled = new Handled();
  for (const offset of [1, 2, 3]) handled.begin("s", offset);
  assert.equal(handled.end("s", 2, true), 0); // 1 is still open
  assert.equal(handled.end("s", 1, true), 2);
  assert.equal(handled.end("s", 3, false), 2); // 3 failed
  handled.begin("s", 4);
  assert.equal(handled.end("s", 4, true), 4);
});

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

// -- heartbeat

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

// -- requests

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

test("claims are read from a JWT, and nothing from what is none", () => {
  assert.deepEqual(claimsOf(jwt({ user_id: "7", sid: "a-b_c" })), { user_id: "7", sid: "a-b_c" });
  for (const text of ["", "a.b", "a.!.c", `a.${btoa("7")}.c`]) assert.equal(claimsOf(text), null);
});
