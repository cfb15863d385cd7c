// Numbers of the chart: exact steps, and what people write.

import assert from "node:assert/strict";
import { test } from "node:test";

import { toSteps, toText, written } from "../../realtime/static/realtime/chart/steps.js";

test("texts become steps and are written again to the last digit", () => {
  for (const [text, decimals, steps] of [
    ["77340.123456789012", 12, 77340123456789012n],
    ["0.00000898", 8, 898n],
    ["61000.5", 2, 6100050n],
    ["150", 0, 150n],
  ]) {
    assert.equal(toSteps(text, decimals), steps);
    assert.equal(Number(toText(steps, decimals)), Number(text));
  }
  assert.equal(toText(77340123456789013n, 12), "77340.123456789013");
  assert.equal(toText(1n, 8), "0.00000001");
  assert.equal(toText(6100050n, 2), "61000.50");
  assert.equal(toText(150n, 0), "150");
});

test("groups of digits are taken out, as the page writes them", () => {
  assert.equal(written("64,000.00"), "64000.00");
  assert.equal(written(" 1 234 567.5 "), "1234567.5");
  assert.equal(written("1\u00a0234"), "1234");
  assert.equal(written("−2.50"), "-2.50"); // the sign that the page writes
});

test("a comma that may be a decimal one is left for the server to refuse", () => {
  for (const text of ["1,5", "64000,50", "0,05", "1.234,5", "12,34,567", "1 5", "a,b"])
    assert.equal(written(text), text);
});
