// The console's log without a page: what is kept, what a filter shows.

import assert from "node:assert/strict";
import { test } from "node:test";

import { kindOf, LogList, searchable } from "../../realtime/static/realtime/console/loglist.js";

const entry = (number, message = { type: "notification", stream: "user:1", offset: number }) => ({
  direction: "in",
  text: JSON.stringify(message),
  message,
  flag: "",
  at: new Date(number),
});
const many = (count, from = 0) => Array.from({ length: count }, (_, index) => entry(from + index));
const finish = (list) => {
  while (list.step());
};

test("the newest are kept, and who looks is told how many left above", () => {
  const list = new LogList(100);
  assert.equal(list.add(many(5100)), 0);
  finish(list);
  assert.equal(list.shown, 5100);
  const middle = list.at(5050).number;
  assert.equal(list.add(many(1, 5100)), 5001);
  finish(list);
  assert.deepEqual([list.size, list.lost, list.shown], [100, 5001, 100]);
  assert.equal(list.at(0).number, 5001);
  assert.equal(list.at(list.indexOf(middle)).number, middle);
  assert.equal(list.counts.event, 5101);
});

test("a filter shows what it accepts, in order, also of what comes while it searches", () => {
  const list = new LogList();
  list.add(many(10_000));
  list.filter(({ number }) => number % 10 === 0);
  assert.equal(list.step(), true);
  assert.ok(list.progress > 0 && list.progress < 1);
  list.add(many(1000, 10_000));
  finish(list);
  assert.equal(list.shown, 1100);
  assert.equal(list.progress, 1);
  for (let index = 0; index < list.shown; index++) assert.equal(list.at(index).number, index * 10);
  assert.equal(list.indexOf(55), 6);
});

test("what leaves while a filter searches is not shown", () => {
  const list = new LogList(1000);
  list.add(many(6000));
  list.filter(() => true);
  list.step();
  list.add(many(10_000, 6000));
  finish(list);
  assert.equal(list.shown, 1000);
  assert.equal(list.at(0).number, 15_000);
  assert.equal(list.at(999).number, 15_999);
});

test("each line of the export is the entry, and nothing is left out by the filter", () => {
  const list = new LogList();
  list.add([
    ...many(3),
    { direction: "note", text: "connect", message: null, flag: "", at: new Date(5) },
  ]);
  list.filter(() => false);
  const lines = list
    .toJSONL()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(lines.length, 4);
  assert.deepEqual(lines[1], {
    at: new Date(1).toISOString(),
    direction: "in",
    message: { type: "notification", stream: "user:1", offset: 1 },
  });
  assert.equal(lines[3].text, "connect");
});

test("kinds are told apart, and a search looks at type, text and flag", () => {
  assert.equal(kindOf(entry(1)), "event");
  assert.equal(kindOf(entry(1, { type: "market_update", room: "x" })), "market");
  assert.equal(kindOf(entry(1, { type: "pong" })), "beat");
  assert.equal(kindOf({ ...entry(1, { type: "join_room" }), direction: "out" }), "control");
  assert.ok(searchable({ ...entry(7), flag: "gap" }).includes("gap"));
});

test("times are told from the one before, and clearing forgets all", () => {
  const list = new LogList();
  list.add([entry(10), entry(25)]);
  finish(list);
  assert.deepEqual([list.at(0).since, list.at(1).since], [null, 15]);
  list.clear();
  assert.deepEqual([list.size, list.shown, list.counts.event], [0, 0, 0]);
  list.add([entry(30)]);
  finish(list);
  assert.equal(list.at(0).number, 2);
});
