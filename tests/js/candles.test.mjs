// The candles of the chart without a page: order, revisions, pages, gaps.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CAP, Candles, DRAWN_GAP } from "../../realtime/static/realtime/chart/candles.js";

const START = Date.UTC(2026, 10, 30, 9) / 1000;
const candle = (minute, close = "1.0", more = {}) => ({
  time: new Date((START + minute * 60) * 1000).toISOString(),
  open: "1.0",
  high: "2.0",
  low: "0.5",
  close,
  volume: "3",
  trades: 2,
  closed: true,
  revision: 0,
  ...more,
});
const many = (from, to) => Array.from({ length: to - from }, (_, index) => candle(from + index));
const minutes = (store) => [...store].map(({ at }) => (at - START) / 60);
const isAscending = (store) => minutes(store).every((at, i, all) => !i || all[i - 1] < at);

test("whatever the order they come in, they are ascending and each time is there once", () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const store = new Candles();
  const truth = new Map();
  for (let turn = 0; turn < 2000; turn++) {
    const page = Array.from({ length: Math.ceil(random() * 5) }, () =>
      candle(Math.floor(random() * 300), String(turn), { revision: Math.floor(random() * 9) }),
    );
    for (const each of page)
      if (each.revision >= (truth.get(each.time)?.revision ?? 0)) truth.set(each.time, each);
    store.merge(page, { isHistory: random() < 0.5 });
    assert.ok(isAscending(store));
  }
  const kept = new Map([...store].map((each) => [each.time, each.close]));
  for (const [time, { close }] of truth) assert.equal(kept.get(time), close);
  assert.equal(kept.size, truth.size);
});

test("a revised candle after a newer one takes the place of what it amends", () => {
  const store = new Candles();
  store.merge(many(0, 5));
  assert.equal(store.merge([candle(2, "9.5", { revision: 1 })]), "all");
  assert.equal(store.at(2).close, "9.5");
  assert.equal(store.merge([candle(2, "1.0", { revision: 0 })]), "none");
  assert.equal(store.at(2).close, "9.5");
  assert.deepEqual(minutes(store), [0, 1, 2, 3, 4]);
});

test("a running candle does not open again what has closed", () => {
  const store = new Candles();
  store.merge([candle(0, "1.0", { closed: false })]);
  assert.equal(store.merge([candle(0, "1.2", { closed: false })]), "last");
  assert.equal(store.merge([candle(0, "1.3")]), "last");
  assert.equal(store.merge([candle(0, "1.1", { closed: false })]), "none");
  assert.equal(store.merge([candle(0, "1.3")]), "none"); // repeated: nothing to draw
  assert.equal(store.last.close, "1.3");
});

test("a page that was read does not put a running candle back", () => {
  const store = new Candles();
  store.merge([candle(0, "1.4", { closed: false })]);
  store.merge([candle(0, "1.1", { closed: false }), candle(-1)], { isHistory: true });
  assert.equal(store.last.close, "1.4");
  assert.deepEqual(minutes(store), [-1, 0]);
});

test("a page out of order and one twice change nothing but what is new", () => {
  const store = new Candles();
  store.merge(many(100, 110));
  store.merge(many(90, 105).reverse(), { isHistory: true });
  assert.equal(store.merge(many(90, 105), { isHistory: true }), "none");
  assert.deepEqual(
    minutes(store),
    Array.from({ length: 20 }, (_, index) => 90 + index),
  );
});

test("the newest are kept, up to the cap", () => {
  const store = new Candles();
  store.merge(many(0, CAP));
  assert.ok(store.isFull);
  store.merge([candle(CAP)]);
  assert.equal(store.size, CAP);
  assert.equal(minutes(store)[0], 1);
  assert.equal(store.merge(many(-500, 0), { isHistory: true }), "all");
  assert.equal(minutes(store)[0], 1);
});

test("empty minutes are drawn as such, a night as one step", () => {
  const store = new Candles();
  store.merge([candle(0), candle(3), candle(3 + DRAWN_GAP + 2)]);
  const points = store.points("1m");
  assert.deepEqual(
    points.map(({ time }) => (time - START) / 60),
    [0, 1, 2, 3, 3 + DRAWN_GAP + 2],
  );
  assert.deepEqual(points[1], { time: START + 60 });
  assert.equal(store.points("1d").length, 3);
  assert.equal(store.followsOn("1m"), true);
  store.merge([candle(3 + DRAWN_GAP + 4)]);
  assert.equal(store.followsOn("1m"), false);
});

test("a candle without a time is left out", () => {
  const store = new Candles();
  assert.equal(store.merge([candle(0, "1.0", { time: "soon" })]), "none");
  assert.equal(store.size, 0);
});

test("of those that are closed, the newest says from when to ask again", () => {
  const store = new Candles();
  store.merge([candle(0), candle(1), candle(2, "1.0", { closed: false })]);
  assert.equal(store.lastClosed.time, candle(1).time);
});
