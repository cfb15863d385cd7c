// What a price says about itself, in words.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  feedOf,
  isGrey,
  lost,
  sourceOf,
  wordOf,
} from "../../realtime/static/realtime/chart/feed.js";

test("only what may be outdated is grey", () => {
  const grey = ["live", "delayed", "stale", "closed", "halted"].filter((feed) => isGrey({ feed }));
  assert.deepEqual(grey, ["stale", "closed", "halted"]);
});

test("a price of which nothing is heard is grey, whatever it was", () => {
  for (const feed of ["live", "delayed", "closed", undefined]) {
    const shown = lost({ feed, price: "1.00", as_of: "2026-03-02T09:00:00Z" });
    assert.deepEqual([isGrey(shown), wordOf(shown), shown.price], [true, "Not connected", "1.00"]);
  }
});

test("a server that does not say is not taken at a word it has not given", () => {
  for (const quote of [undefined, {}, { feed: "" }, { feed: "toString" }, { feed: "surely" }]) {
    assert.equal(feedOf(quote), "");
    assert.equal(wordOf(quote), "");
    assert.equal(isGrey(quote), false);
  }
});

test("a source without a name of its own has the one it is sent by", () => {
  assert.deepEqual(
    [{ source: "kraken" }, { source: "simulator" }, { source: "lse" }, {}].map(sourceOf),
    ["Kraken", "simulated", "lse", ""],
  );
});
