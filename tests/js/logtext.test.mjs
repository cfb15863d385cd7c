// The console's log in words: the line of a message's type, filled in.

import assert from "node:assert/strict";
import { test } from "node:test";

import { summary } from "../../realtime/static/realtime/console/logtext.js";

const LINES = {
  plain: "{id} {status} {note}, {tags}",
  list: "{#items}{id}{#gone}, gone{/gone}{#whole}: {title}{/whole}{/items}",
};
const said = (type, data, more = {}) =>
  summary({ message: { type, data, ...more }, text: "as it came" }, LINES);

test("a field is its value, and nothing where it has none", () => {
  assert.equal(said("plain", { id: 1, status: null, tags: ["a", "b"] }), "1 , a, b");
});

test("a section is there for each item, and once for a value", () => {
  const items = [{ id: "1" }, { id: "2", gone: true, whole: { title: "{id}" } }];
  assert.equal(said("list", { items }), "1; 2, gone: {id}");
});

test("an event begins with its place, and a type without a line is its JSON", () => {
  assert.equal(said("other", { a: 1 }, { stream: "user:1", offset: 7 }), 'user:1#7 {"a":1}');
});

test("what is no message of the server is shown by its fields, or as it came", () => {
  assert.equal(summary({ message: { type: "ack", id: "1", offset: 4 } }, LINES), '{"offset":4}');
  assert.equal(said("list", { items: [null] }), "as it came");
  assert.equal(summary({ text: "{" }, LINES), "{");
});
