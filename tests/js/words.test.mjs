// Times and figures as people read them, in the bell and in the console.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ago as agoHere, money } from "../../realtime/static/realtime/console/format.js";
import { ago, byCategory } from "../../realtime/static/realtime/words.js";

const at = (...moment) => new Date(2026, 10, ...moment); // in November, by the clock here

test("money and security come first, and what a site has added last", () => {
  const sorted = ["account", "loans", "security", "transaction"].sort(byCategory);
  assert.deepEqual(sorted, ["transaction", "security", "account", "loans"]);
});

test("a day ends at midnight here, not 24 hours later", () => {
  const late = at(3, 23, 0);
  assert.equal(ago(late, "en", at(3, 23, 59)), "1 hour ago");
  assert.equal(ago(late, "en", at(4, 0, 1)), "yesterday");
  assert.equal(ago(late, "en", at(4, 23, 59)), "yesterday");
  assert.equal(ago(late, "en", at(5, 0, 1)), "2 days ago");
  assert.equal(ago(at(3, 23, 59), "en", at(4, 0, 10)), "11 minutes ago"); // nobody calls that yesterday
  assert.equal(ago(late, "sw", at(4, 9, 0)), "jana");
  assert.equal(agoHere(at(3, 14, 5), at(3, 23, 59)), "14:05");
  assert.equal(agoHere(at(3, 14, 5), at(4, 0, 1)), "3 Nov");
});

test("what is older than a week has a date, and in another year its year", () => {
  assert.equal(ago(at(3, 12), "en", at(10, 12)), "7 days ago");
  assert.equal(ago(at(3, 12), "en", at(11, 0, 1)), "Nov 3");
  assert.equal(ago(new Date(2025, 11, 30), "en", at(3)), "Dec 30, 2025");
});

test("a clock that is behind makes nothing of the future", () => {
  const now = at(3, 12);
  for (const ahead of [1, 44, 46, 4000]) {
    const moment = new Date(+now + ahead * 1000);
    assert.equal(ago(moment, "en", now), "just now");
    assert.equal(agoHere(moment, now), "just now");
  }
  assert.equal(ago(undefined, "en", now), "");
  assert.equal(agoHere(undefined, now), "");
});

test("zero has no sign, money keeps every digit", () => {
  for (const [text, shown] of [
    ["-0.00", "0.00"],
    ["-0", "0"],
    ["-0.01", "−0.01"],
    ["-1234567.50", "−1,234,567.50"],
    ["0.10", "0.10"],
  ])
    assert.equal(money(text), shown);
});
