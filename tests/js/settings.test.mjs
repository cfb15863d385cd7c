// The settings page's pure parts: what switches show and change, times, and reasons in words.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cellOf,
  defaults,
  groupCell,
  groupChange,
} from "../../realtime/static/realtime/settings/cells.js";
import en from "../../realtime/static/realtime/settings/en.js";
import { explain } from "../../realtime/static/realtime/settings/explain.js";
import fr from "../../realtime/static/realtime/settings/fr.js";
import lg from "../../realtime/static/realtime/settings/lg.js";
import sw from "../../realtime/static/realtime/settings/sw.js";
import { weekdays, wrong } from "../../realtime/static/realtime/settings/times.js";
import { until } from "../../realtime/static/realtime/until.js";

const cell = (value, source, required = false) => ({ value, source, required });
const kind = (name, email) => ({ kind: name, channels: { email } });
const value = (state) => ({ channels: { email: state }, cells: {} });

test("what is in the way of a channel locks its cells, and what is required stays on", () => {
  const chosen = kind("a", cell(true, "kind"));
  const required = kind("b", cell(true, "required", true));
  for (const state of ["off", "no_address", "unverified", "suppressed"])
    for (const one of [chosen, required])
      assert.deepEqual(cellOf(one, "email", value(state)), {
        on: false,
        locked: true,
        reason: state,
      });
  assert.deepEqual(cellOf(chosen, "email", value("opted_out")).on, false);
  assert.deepEqual(cellOf(required, "email", value("opted_out")).on, true);
  assert.deepEqual(cellOf(chosen, "email", value("stopped")).locked, false);
  assert.equal(cellOf(chosen, "sms", value("ready")), null);
});

test("a category shows what its free kinds have, and changes all of them", () => {
  const required = kind("b", cell(true, "required", true));
  const group = (...kinds) => ({ category: "savings", kinds });
  const mixed = group(kind("a", cell(false, "kind")), kind("c", cell(true, "default")), required);
  const shown = { on: null, locked: false, reason: "mixed" };
  assert.deepEqual(groupCell(mixed, "email", value("ready")), shown);
  const all = { on: true, locked: true, reason: "required" };
  assert.deepEqual(groupCell(group(required), "email", value("ready")), all);
  const chosen = { "kind:a": { email: false, push: true }, "kind:other": { email: false } };
  assert.deepEqual(groupChange(mixed, "email", true, chosen), {
    "category:savings": { email: true },
    "kind:a": { email: null },
  });
  assert.deepEqual(defaults(mixed, chosen), { "kind:a": { email: null, push: null } });
  assert.equal(defaults(mixed, {}), null);
});

test("the morning of tomorrow is at eight here", () => {
  const late = new Date(2026, 10, 30, 23, 30);
  assert.deepEqual(until("tomorrow", late), new Date(2026, 11, 1, 8));
  assert.deepEqual(until("week", late), new Date(2026, 11, 7, 8));
  assert.deepEqual(until("hour", late), new Date(2026, 11, 1, 0, 30));
});

test("a window of quiet hours says what is wrong with it", () => {
  const night = { start: "22:00", end: "07:00", days: 127 };
  for (const [change, why] of [
    [{}, ""],
    [{ end: "22:00" }, "end"],
    [{ start: "" }, "time"],
    [{ days: 0 }, "days"],
  ])
    assert.equal(wrong({ ...night, ...change }), why);
  assert.equal(weekdays("en").long[0], "Monday");
});

test("a refusal has the words of its code or its field", () => {
  const refused = (status, problem) => explain({ status, problem, message: "as it is" }, en);
  assert.equal(
    refused(409, { code: "wrong_code", tries_left: 2 }),
    "This is not the code. Tries left: 2.",
  );
  assert.match(refused(412, {}), /^Another device/);
  const invalid = (field) => refused(400, { code: "invalid_input", errors: { [field]: ["no"] } });
  assert.equal(invalid("quiet.0.end"), en.invalid.end);
  assert.equal(invalid("cells.all"), "No.");
  assert.equal(refused(503, { code: "unavailable" }), "As it is.");
  assert.equal(explain(new TypeError("Failed to fetch"), en), en.errors.offline);
});

test("each language says everything", () => {
  const shape = (words, path = "") =>
    Object.entries(words).flatMap(([name, said]) =>
      typeof said === "object" && !Array.isArray(said)
        ? shape(said, `${path}${name}.`)
        : [`${path}${name} ${typeof said}`],
    );
  const { weekdays: _, ...luganda } = lg; // names that browsers do not have
  for (const words of [sw, fr, luganda]) assert.deepEqual(shape(words), shape(en));
});
