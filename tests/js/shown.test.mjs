// What counts as seen outside of the bell's panel.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Shown } from "../../realtime/static/realtime/shown.js";

test("what is shown is seen once, and only while the person is there", () => {
  const seen = [];
  const shown = new Shown((id) => seen.push(id));
  const end = shown.shows({ id: "1" });
  shown.shows({ id: "2" });
  end(); // before anybody came
  assert.deepEqual(seen, []);
  shown.watched(true);
  shown.watched(true);
  shown.shows({ id: "3" });
  shown.shows({ id: "4", stored: false });
  assert.deepEqual(seen, ["2", "3"]);
  shown.watched(false);
  shown.shows({ id: "5" });
  assert.deepEqual(seen, ["2", "3"]);
});

test("a mark that fails is nobody's error", async () => {
  const shown = new Shown(async () => {
    throw new Error("away");
  });
  shown.watched(true);
  shown.shows({ id: "1" });
  await new Promise((done) => setTimeout(done));
});
