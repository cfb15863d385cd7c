// The candles that the chart reads: what fails is asked again, and leaves no hole.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { History } from "../../realtime/static/realtime/chart/history.js";

const START = Date.UTC(2026, 10, 30, 9);
const timeOf = (minute) => new Date(START + minute * 60_000).toISOString();
const candle = (minute, closed = true) => ({
  time: timeOf(minute),
  open: "1",
  high: "1",
  low: "1",
  close: "1",
  volume: null,
  trades: null,
  closed,
  revision: 0,
});
const AWAY = Object.assign(new Error("The server cannot be reached."), { status: 0 });
const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

/** A history whose reads have these answers, in this order; an Error rejects. */
function reading(...answers) {
  const asked = [];
  const market = {
    candles: async (_symbol, query) => {
      asked.push(query);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return { history: new History(market, "BTC-USD", "1m"), asked };
}

const minutes = ({ candles }) => [...candles].map(({ at }) => (at * 1000 - START) / 60_000);
const page = (next, ...candles) => ({ next, candles });

test("after a first page that failed, the next has the way to older ones", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { history, asked } = reading(AWAY, page("older", candle(3)), page(null, candle(1)));
  history.load();
  await settle();
  assert.equal(history.problem, AWAY.message);
  history.tell(candle(4)); // the room is there already
  mock.timers.tick(2000);
  await settle();
  assert.equal(history.problem, "");
  history.older();
  await settle();
  assert.deepEqual(minutes(history), [1, 3, 4]);
  assert.equal(asked[1].from, undefined); // not only what is newer than what the room has told
  assert.equal(asked[2].cursor, "older");
  mock.timers.reset();
});

test("what was missed is asked for from the last closed one on, also after failures", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { history, asked } = reading(
    page(null, candle(1), candle(2, false)),
    AWAY,
    AWAY,
    page("more", candle(1), candle(2)),
    page(null, candle(3)),
    page(null, candle(10)),
  );
  history.load();
  await settle();
  history.load(); // a connection is there again
  await settle();
  history.tell(candle(9)); // the room tells what is new: the hole lies before it
  mock.timers.tick(2000);
  await settle();
  mock.timers.tick(4000);
  await settle();
  assert.deepEqual(minutes(history), [1, 2, 3, 9]);
  assert.deepEqual(
    asked.slice(1).map(({ from }) => from),
    Array(4).fill(timeOf(1)),
  );
  assert.equal(asked[4].cursor, "more");
  history.load();
  await settle();
  assert.equal(asked[5].from, timeOf(9)); // what was missed has been read
  mock.timers.reset();
});

test("what is asked while another answer is on its way is asked afterwards, once", async () => {
  const { history, asked } = reading(page(null, candle(1)), page(null, candle(2)));
  history.load();
  history.load();
  history.load();
  history.older();
  await settle();
  assert.deepEqual(minutes(history), [1, 2]);
  assert.equal(asked.length, 2);
  assert.equal(history.isLoading, false);
});

test("what the server refuses is not asked again, nor anything after the end", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const unknown = Object.assign(new Error("There is no such instrument."), { status: 404 });
  const refused = reading(unknown);
  refused.history.load();
  const ended = reading(AWAY);
  ended.history.load();
  await settle();
  ended.history.end();
  const leaving = reading(AWAY);
  leaving.history.load();
  leaving.history.end(); // while the answer is on its way
  await settle();
  mock.timers.tick(120_000);
  await settle();
  assert.equal(refused.asked.length, 1);
  assert.equal(ended.asked.length, 1);
  assert.equal(leaving.asked.length, 1);
  mock.timers.reset();
});
