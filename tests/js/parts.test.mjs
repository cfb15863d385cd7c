// What a client and its connection have in common: backoff, positions, handlers, rooms, turns.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { mock, test } from "node:test";

import {
  afterClose,
  backoff,
  claimsOf,
  delay,
  Emitter,
  exclusively,
  FAILED,
  Positions,
  Rooms,
  TimeoutError,
} from "../../realtime/static/realtime/parts.js";
import { jwt, settle } from "./browser.mjs";

const read = async (path) => JSON.parse(await readFile(new URL(path, import.meta.url)));
// What both clients, this one and Python's, make of the same events, closes and chances.
const cases = await read("../realtime/client/cases.json");
const asyncapi = await read("../../docs/protocol/asyncapi.json");

// -- backoff and close codes

test("the table has every close code of the protocol", () => {
  const listed = cases.closes.map(({ code }) => code);
  const missing = asyncapi["x-close-codes"].filter(({ code }) => !listed.includes(code));
  assert.deepEqual(missing, []);
});

for (const { code, then, in_a_page: inPage = then } of cases.closes) {
  test(`${code} asks for what the table says`, () => {
    // How much slower is a matter of the delay.
    assert.equal(afterClose(code), inPage === "slower" ? "retry" : inPage);
  });
}

for (const { name, code = 1006, hint, chance, ms } of cases.backoff) {
  test(name, () => {
    const waits = ms.map((_, attempt) => delay(code, attempt, hint, () => chance));
    assert.deepEqual(waits, ms);
  });
}

test("clients that fell together do not return together", () => {
  const waits = new Set(Array.from({ length: 1000 }, () => backoff(5)));
  assert.ok(waits.size > 900);
});

// -- positions

for (const { name, at, steps, since } of cases.positions) {
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

test("a greeting adds what is not known, and replaces all when its epoch is another", () => {
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

// -- handlers, rooms and tokens

test("a handler that throws is reported and does not stop the others", async () => {
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

test("claims are read from a JWT, and null from any other text", () => {
  assert.deepEqual(claimsOf(jwt({ user_id: "7", sid: "a-b_c" })), { user_id: "7", sid: "a-b_c" });
  for (const text of ["", "a.b", "a.!.c", `a.${btoa("7")}.c`]) assert.equal(claimsOf(text), null);
});

// -- one at a time

test("without Web Locks, a turn waits for the one before, whatever became of it", async () => {
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
