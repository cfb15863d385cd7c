// The alerts of the chart without a page: whatever comes first, the newest version counts.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Alerts } from "../../realtime/static/realtime/chart/alerts.js";

const alert = (id, version = 1, more = {}) => ({
  id,
  version,
  symbol: "BTC-USD",
  kind: "price_above",
  threshold: "65000.00",
  state: "armed",
  ...more,
});

/** The server's side: each method is given its answers in order, an Error rejects. */
function served(answers) {
  const asked = [];
  const method =
    (name) =>
    async (...given) => {
      asked.push([name, ...given]);
      const answer = answers[name].shift();
      if (answer instanceof Error) throw answer;
      return answer;
    };
  const names = ["list", "create", "update", "remove"];
  return { asked, rows: Object.fromEntries(names.map((name) => [name, method(name)])) };
}

async function loaded(answers, found = [alert("1")]) {
  const server = served({ ...answers, list: [found, ...(answers.list ?? [])] });
  const alerts = new Alerts(server.rows, "BTC-USD");
  await alerts.load();
  return { alerts, asked: server.asked };
}

const versions = (alerts) => alerts.items.map(({ id, version }) => `${id}:${version}`);

test("an answer that comes after a newer message changes nothing", async () => {
  const { alerts } = await loaded({});
  alerts.tell({ id: "1", alert: alert("1", 3) });
  alerts.tell({ id: "1", alert: alert("1", 2) });
  assert.deepEqual(versions(alerts), ["1:3"]);
});

test("one that was removed does not come back by an answer on its way", async () => {
  const { alerts } = await loaded({});
  alerts.tell({ id: "1", alert: null });
  alerts.tell({ id: "1", alert: alert("1", 2) });
  assert.deepEqual(versions(alerts), []);
});

test("those of other instruments are left out, those that are gone go with the next list", async () => {
  const { alerts } = await loaded({ list: [[alert("2")]] }, [alert("1"), alert("2")]);
  alerts.tell({ id: "9", alert: alert("9", 1, { symbol: "ETH-USD" }) });
  assert.deepEqual(versions(alerts), ["1:1", "2:1"]);
  await alerts.load();
  assert.deepEqual(versions(alerts), ["2:1"]);
});

test("lines are those on a price that can still be reached", async () => {
  const { alerts } = await loaded({}, [
    alert("1"),
    alert("2", 1, { state: "fired" }),
    alert("3", 1, { kind: "change_above" }),
    alert("4", 1, { state: "paused" }),
  ]);
  assert.deepEqual(
    alerts.lines.map(({ id }) => id),
    ["1", "4"],
  );
});

test("a change names its version; after a refusal the newest are read", async () => {
  const old = Object.assign(new Error("changed"), { status: 412 });
  const { alerts, asked } = await loaded({
    update: [alert("1", 2), old],
    list: [[alert("1", 5)]],
  });
  await alerts.update("1", { threshold: "1" });
  await assert.rejects(alerts.update("1", { threshold: "2" }), old);
  assert.deepEqual(asked.slice(1), [
    ["update", "1", { version: 1, threshold: "1" }],
    ["update", "1", { version: 2, threshold: "2" }],
    ["list", { symbol: "BTC-USD" }],
  ]);
  assert.deepEqual(versions(alerts), ["1:5"]);
});

test("a change of one that another device has removed is refused by the server alone", async () => {
  const gone = Object.assign(new Error("gone"), { status: 404 });
  const { alerts, asked } = await loaded({ update: [gone], list: [[]] });
  alerts.tell({ id: "1", alert: null });
  await assert.rejects(alerts.update("1", { paused: true }), gone);
  assert.deepEqual(asked[1], ["update", "1", { version: 1, paused: true }]);
});

test("a new one is of the instrument that is shown", async () => {
  const { alerts, asked } = await loaded({ create: [alert("2")], remove: [null] });
  await alerts.create({ kind: "price_above", threshold: "1" });
  assert.deepEqual(asked[1], [
    "create",
    { symbol: "BTC-USD", kind: "price_above", threshold: "1" },
  ]);
  await alerts.remove("1");
  assert.deepEqual(versions(alerts), ["2:1"]);
});
